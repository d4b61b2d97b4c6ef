// The button that turns light and dark over: in every page as it stands, so plain JavaScript. Charts follow by themselves, for
// their colours are variables of the page.
document.getElementById('scheme').addEventListener('click', () => {
  const root = document.documentElement
  const dark = root.dataset.scheme ? root.dataset.scheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.scheme = dark ? 'light' : 'dark'
})

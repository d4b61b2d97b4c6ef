// Runs in the reader's browser: copies a command, switches the colours.

for (const button of document.querySelectorAll('[data-copy]')) {
  button.addEventListener('click', async () => {
    const code = document.getElementById(button.dataset.copy)
    getSelection().selectAllChildren(code)
    const copied = await navigator.clipboard?.writeText(code.textContent).then(
      () => true,
      () => false,
    )
    button.textContent = copied ? 'Copied' : 'Selected'
  })
}

const scheme = document.getElementById('scheme')
scheme.addEventListener('click', () => {
  const root = document.documentElement
  const dark = root.dataset.scheme ? root.dataset.scheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.scheme = dark ? 'light' : 'dark'
})

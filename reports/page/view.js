// Runs in the reader's browser: draws the charts with the Vega that the page carries. Expressions are interpreted, not
// compiled, so the page needs no `eval`.
/* global vega, expressionInterpreter */

const specs = JSON.parse(document.getElementById('specs').textContent)
const tip = document.getElementById('tip')

function showTip(_handler, event, _item, value) {
  tip.hidden = !value
  if (!value) return
  tip.replaceChildren(
    ...Object.entries(value).map(([title, text]) => {
      const line = document.createElement('div')
      const name = document.createElement('span')
      name.textContent = title
      line.append(name, ` ${text}`)
      return line
    }),
  )
  const left = Math.min(event.clientX + 12, window.innerWidth - tip.offsetWidth - 8)
  tip.style.left = `${Math.max(8, left)}px`
  tip.style.top = `${Math.max(8, event.clientY - tip.offsetHeight - 12)}px`
}

const noLoading = { load: () => Promise.reject(new Error('this page loads nothing')) }
const drawn = Object.entries(specs).map(([id, spec]) =>
  new vega.View(vega.parse(spec, null, { ast: true }), {
    expr: expressionInterpreter,
    renderer: 'svg',
    container: document.getElementById(id),
    loader: Object.assign(vega.loader(), noLoading),
    tooltip: showTip,
  }).runAsync(),
)
Promise.all(drawn).then(() => {
  document.documentElement.dataset.drawn = 'yes'
})

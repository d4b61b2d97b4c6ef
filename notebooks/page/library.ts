// The names that every cell of a lesson finds without importing them, besides `display` and `view`, which the kit's runtime
// brings. It takes the place of the kit's own library, whose parts are fetched from a CDN.
import { markdown } from './markdown.ts'

/** Read by the kit's runtime: each entry is a variable, made when a cell first asks for it. */
export const library = { md: () => md }

/** Prose with values in it, as an element. Values are numbers and words of ours, not mark-up. */
function md(parts: TemplateStringsArray, ...values: readonly (string | number)[]): Element {
  const prose = document.createElement('div')
  prose.innerHTML = markdown.render(String.raw({ raw: parts }, ...values))
  return prose
}

// HTML as a tagged template that escapes whatever is put into it, so that nothing from a record becomes mark-up. Only
// what this tag made itself goes in unescaped.

/** A piece of finished mark-up. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Content = Html | string | number | false | null | readonly Content[]

/** Joins the template; texts and numbers are escaped (also for attributes in double quotes), false and null vanish. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, at) => part + (at < values.length ? markup(values[at]!) : '')).join(''))
}

function markup(content: Content): string {
  if (content === null || content === false) return ''
  if (content instanceof Html) return content.text
  return Array.isArray(content) ? content.map(markup).join('') : escapeHtml(String(content))
}

/** Escapes a text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}

/** A sentence of the record: what stands between backticks becomes code, everything is escaped. */
export function sentence(text: string): Html {
  const parts = text.split(/`([^`]+)`/)
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : part))}`
}

/** A value as JSON that is safe inside a script element: no `<` can end it. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replace(/</g, '\\u003c'))
}

/** Our own script or style; a closing tag inside a string cannot end the element. */
export function source(text: string): Html {
  return new Html(text.replace(/<\/(script|style)/gi, '<\\/$1'))
}

// What a reader can move: a slider, a choice, and the prediction that comes before a result is shown. All are native form
// elements, so the keyboard and screen readers work as everywhere.

/** An element with a value that changes: `input` is dispatched on it when it has. */
export type Control<T> = HTMLElement & { value: T }

let made = 0

export function element(tag: string, className: string, ...content: readonly (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...content)
  return made
}

export interface SliderOptions {
  readonly label: string
  readonly min: number
  readonly max: number
  readonly step: number
  readonly value: number
  /** The value in words, e.g. `80 %`. */
  readonly say: (value: number) => string
}

/** A slider with its value beside it. */
export function slider({ label, min, max, step, value, say }: SliderOptions): Control<number> {
  const id = `control-${made++}`
  const range = Object.assign(document.createElement('input'), { type: 'range', id, min, max, step })
  range.valueAsNumber = value
  range.setAttribute('aria-valuetext', say(value))
  const output = element('output', '', say(value))
  output.setAttribute('for', id)
  const name = element('label', '', label)
  name.setAttribute('for', id)
  const control = element('div', 'slider', name, range, output)
  range.addEventListener('input', () => {
    output.textContent = say(range.valueAsNumber)
    range.setAttribute('aria-valuetext', say(range.valueAsNumber))
  })
  return Object.defineProperty(control, 'value', { get: () => range.valueAsNumber }) as Control<number>
}

/** Radio buttons for a few named choices; the first is chosen. */
export function choice<T extends string>(label: string, options: Readonly<Record<T, string>>): Control<T> {
  const names = Object.keys(options) as T[]
  const { buttons, rows } = radios(options)
  buttons[0]!.checked = true
  const control = element('fieldset', 'choice', element('legend', '', label), ...rows)
  return Object.defineProperty(control, 'value', {
    get: () => names[buttons.findIndex(button => button.checked)],
  }) as Control<T>
}

function radios(options: Readonly<Record<string, string>>) {
  const group = `control-${made++}`
  const buttons = Object.keys(options).map(value =>
    Object.assign(document.createElement('input'), { type: 'radio', name: group, value }),
  )
  const rows = Object.values<string>(options).map((text, at) => element('label', '', buttons[at]!, ` ${text}`))
  return { buttons, rows }
}

/**
 * A question the reader commits to before anything else is shown. It has no value until then, so that cells which read it
 * wait; afterwards the value is the option chosen, or `none` for a reader who would rather just look.
 */
export function prediction<T extends string>(
  question: string,
  options: Readonly<Record<T, string>>,
): Control<T | 'none'> {
  const { buttons, rows } = radios(options)
  const commit = Object.assign(document.createElement('button'), { type: 'button', disabled: true })
  commit.textContent = 'That is my prediction'
  const pass = Object.assign(document.createElement('button'), { type: 'button', className: 'pass' })
  pass.textContent = 'I only want to look'
  const actions = element('p', 'actions', commit, pass)
  const control = element('fieldset', 'prediction', element('legend', '', question), ...rows, actions) as Control<
    T | 'none'
  >
  const settle = (value: T | 'none') => {
    control.value = value
    for (const button of buttons) button.disabled = true
    actions.remove()
    document.documentElement.dataset.committed = 'yes'
    control.dispatchEvent(new Event('input'))
  }
  for (const button of buttons) button.addEventListener('change', () => Object.assign(commit, { disabled: false }))
  commit.addEventListener('click', () => settle(buttons.find(button => button.checked)!.value as T))
  pass.addEventListener('click', () => settle('none'))
  return control
}

/** Whether the reader was right, beside what the run says. `right` is computed from the run, never known beforehand; `judge` says who knows. */
export function verdict<T extends string>(
  guess: T | 'none',
  right: T,
  options: Readonly<Record<T, string>>,
  judge: 'simulation' | 'measurement' = 'simulation',
): HTMLElement {
  const text =
    guess === 'none'
      ? `The ${judge} says: ${options[right]}`
      : guess === right
        ? `You were right: ${options[right]}`
        : `You said: ${options[guess]} The ${judge} says: ${options[right]}`
  const box = element('p', `outcome ${guess === right ? 'right' : guess === 'none' ? '' : 'wrong'}`, text)
  box.setAttribute('role', 'status')
  return box
}

// Text for a terminal of some width: broken at spaces, with nothing in it that a terminal would obey.

/** The text without control characters, which must not reach a terminal. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trimEnd()
}

/** Breaks a text at spaces, and inside a word that is longer than the line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of clean(text)
    .split(/\s+/)
    .flatMap(part => part.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

/** The text, cut when it is longer than `width`. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

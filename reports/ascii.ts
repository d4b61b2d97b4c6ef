// For terminals without Unicode: the nearest ASCII of what reports print.
const asciiFor: Readonly<Record<string, string>> = {
  '–': '-',
  '…': '~',
  '“': '"',
  '”': '"',
  µ: 'u',
  '×': 'x',
  '’': "'",
  '✔': '+',
  '✘': 'x',
}

/** A character without one becomes a question mark. */
export function toAscii(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, character => asciiFor[character] ?? '?')
}

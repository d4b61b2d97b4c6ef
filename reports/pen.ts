// What every part of the terminal report is told about the terminal, and what it paints with.
import type { styleText } from 'node:util'

export interface TerminalOptions {
  readonly colour: boolean
  /** Columns of the terminal; no line is longer. At least 40 are used. */
  readonly width: number
  readonly unicode: boolean
  /** Where record.json, report.html and summary.md were written; nothing is said when absent. */
  readonly directory?: string
}

export type Style = Parameters<typeof styleText>[0]
export interface Pen extends TerminalOptions {
  paint(style: Style, text: string): string
}

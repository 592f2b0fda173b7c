/** What the method draws from; `Dice` are. */
interface UniformSource {
  /** 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform on (0, 1). */
  uniform(): number;
}

/**
 * Standard normal numbers from 128 blocks of equal area.
 * @see Marsaglia & Tsang (2000), J. Stat. Softw. 5(8); Doornik (2005), "An improved ziggurat method" (the block's index
 *   and the position inside it come from separate bits).
 */
const BLOCKS = 128;
/** Where the tail begins, and the area of a block. */
const TAIL = 3.442619855899;
const AREA = 9.91256303526217e-3;

const edges = new Float64Array(BLOCKS + 1);
const ratios = new Float64Array(BLOCKS);
{
  let density = Math.exp(-0.5 * TAIL * TAIL);
  edges[0] = AREA / density;
  edges[1] = TAIL;
  for (let block = 2; block < BLOCKS; block++) {
    const before = edges[block - 1] as number;
    const edge = Math.sqrt(-2 * Math.log(AREA / before + density));
    edges[block] = edge;
    density = Math.exp(-0.5 * edge * edge);
  }
  for (let block = 0; block < BLOCKS; block++)
    ratios[block] = (edges[block + 1] as number) / (edges[block] as number);
}

export function normalFrom(source: UniformSource): number {
  for (;;) {
    const position = 2 * source.uniform() - 1;
    const block = source.bits() & (BLOCKS - 1);
    if (Math.abs(position) < (ratios[block] as number)) return position * (edges[block] as number);
    if (block === 0) return tailFrom(source, position < 0);
    const value = position * (edges[block] as number);
    const square = value * value;
    const outer = Math.exp(-0.5 * ((edges[block] as number) ** 2 - square));
    const inner = Math.exp(-0.5 * ((edges[block + 1] as number) ** 2 - square));
    if (inner + source.uniform() * (outer - inner) < 1) return value;
  }
}

function tailFrom(source: UniformSource, negative: boolean): number {
  for (;;) {
    const beyond = Math.log(source.uniform()) / TAIL;
    const height = Math.log(source.uniform());
    if (-2 * height < beyond * beyond) continue;
    return negative ? beyond - TAIL : TAIL - beyond;
  }
}

import type { Region } from "../../collections/array/chunks.ts";
import { infoOf, type DType, type TypedArray } from "../../collections/array/dtype.ts";
import type { QuantileMethod } from "../../collections/array/nodes.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import type { Evaluator } from "./evaluate.ts";
import { between } from "./lines.ts";
import type { State } from "./partials.ts";
import type { ProgramReduction } from "./program.ts";

/**
 * One pass of a selection by digits (see collections/array/digits.ts). Elements are keys of two times 32 bits whose order is theirs. What is known of each wanted
 * rank lies in two numbers of 64 bits: the key's digits so far, and the rank among the elements that share them.
 */
export type Selecting = Extract<ProgramReduction, { kind: "digits" }>;

/** By pass: which bits of the key's upper or lower half, and which bits are known before. */
const DIGITS = [
  { half: 0, shift: 21, mask: 0x7ff, known: [0, 0] },
  { half: 0, shift: 10, mask: 0x7ff, known: [0xffe00000, 0] },
  { half: 0, shift: 0, mask: 0x3ff, known: [0xfffffc00, 0] },
  { half: 1, shift: 21, mask: 0x7ff, known: [0xffffffff, 0] },
  { half: 1, shift: 10, mask: 0x7ff, known: [0xffffffff, 0xffe00000] },
  { half: 1, shift: 0, mask: 0x3ff, known: [0xffffffff, 0xfffffc00] },
] as const;
const VALUES = 2048;

/** Counts by digit for each different start of a key; and what was known before. */
export async function selectState(evaluator: Evaluator, selecting: Selecting, region: Region): Promise<State> {
  const { arena } = evaluator;
  const { dtype, ranks, pass } = selecting;
  const known = BigUint64Array.from(ranks.flatMap((rank) => [0n, BigInt(rank)]));
  if (selecting.before !== undefined) {
    const block = await evaluator.block(selecting.before, { start: [0, 0], size: [ranks.length, 2] });
    known.set(arena.view("uint64", block.address, known.length));
    arena.release(block);
  }
  const starts = startsOf(known);
  const counts = new Float64Array(starts.length * VALUES);
  const block = await evaluator.block(selecting.root, region);
  const keys = keysOf(arena.view(dtype, block.address, sizeOf(region.size)) as TypedArray, dtype); // of any dtype
  count(keys, starts, pass, counts);
  arena.release(block);
  return { place: 0, fields: [counts, known] };
}

/** The different starts of keys. */
function startsOf(known: BigUint64Array): bigint[] {
  return [...new Set(known.filter((_, i) => i % 2 === 0))];
}

function count(keys: Keys, starts: readonly bigint[], pass: number, counts: Float64Array): void {
  const { half, shift, mask, known } = DIGITS[pass];
  const [high, low] = [known[0] | 0, known[1] | 0];
  for (const [i, start] of starts.entries()) {
    const [first, second] = [Number(start >> 32n) | 0, Number(start & 0xffffffffn) | 0];
    const from = i * VALUES;
    const digits = half === 0 ? keys.high : keys.low;
    for (let k = 0; k < digits.length; k++)
      if ((keys.high[k] & high) === first && (keys.low[k] & low) === second)
        counts[from + ((digits[k] >>> shift) & mask)]++;
  }
}

interface Keys {
  readonly high: Int32Array;
  readonly low: Int32Array;
}

/** Halves of 32 bits whose order, taken without sign, is that of the elements; NaN last. */
function keysOf(x: TypedArray, dtype: DType): Keys {
  const [high, low] = [new Int32Array(x.length), new Int32Array(x.length)];
  const { kind, bytes } = infoOf(dtype);
  if (bytes === 8) {
    const words = new Int32Array(x.buffer, x.byteOffset, 2 * x.length);
    for (let i = 0; i < high.length; i++) {
      low[i] = words[2 * i];
      high[i] = words[2 * i + 1];
    }
  } else if (kind === "float") high.set(new Int32Array(x.buffer, x.byteOffset, x.length));
  else for (let i = 0; i < x.length; i++) high[i] = Number(x[i]);
  if (kind === "signed") for (let i = 0; i < high.length; i++) high[i] ^= 0x80000000;
  if (kind !== "float") return { high, low };
  const infinite = bytes === 8 ? 0x7ff00000 : 0x7f800000;
  for (let i = 0; i < high.length; i++) {
    const bits = high[i];
    const size = bits & 0x7fffffff;
    if (size > infinite || (size === infinite && low[i] !== 0)) {
      // NaN, of any sign.
      high[i] = -1;
      low[i] = -1;
    } else if (bits < 0) {
      high[i] = ~bits;
      low[i] = ~low[i];
    } else high[i] = bits ^ 0x80000000;
  }
  return { high, low };
}

export function selectMerge(a: State, b: State): State {
  const [counts, others] = [a.fields[0], b.fields[0]] as readonly [Float64Array, Float64Array]; // as selectState made them
  for (let i = 0; i < counts.length; i++) counts[i] += others[i];
  return a;
}

/** What is known after the pass. */
export function selectFinish({ pass }: Selecting, fields: State["fields"]): BigUint64Array {
  const [counts, known] = fields as readonly [Float64Array, BigUint64Array]; // as selectState made them
  const { half, shift } = DIGITS[pass];
  const starts = startsOf(known);
  const made = new BigUint64Array(known.length);
  for (let i = 0; i < known.length; i += 2) {
    const from = starts.indexOf(known[i]) * VALUES;
    let rank = Number(known[i + 1]);
    let digit = 0;
    while (digit < VALUES - 1 && rank >= counts[from + digit]) rank -= counts[from + digit++];
    made[i] = known[i] | (BigInt(digit) << BigInt(shift + (half === 0 ? 32 : 0)));
    made[i + 1] = BigInt(rank);
  }
  return made;
}

export interface Selected {
  readonly of: DType;
  readonly ranks: readonly number[];
  readonly count: number;
  readonly q: readonly number[];
  readonly method: QuantileMethod;
}

/** The quantiles, given the keys of all ranks. */
export function selectedQuantiles(known: BigUint64Array, { of, ranks, count, q, method }: Selected): number[] {
  const values = new Map(ranks.map((rank, i) => [rank, valueOf(known[2 * i], of)]));
  const valueAt = (rank: number) => values.get(rank) ?? NaN;
  if (Number.isNaN(valueAt(count - 1))) return q.map(() => NaN);
  return q.map((one) => between(one * (count - 1), valueAt, method));
}

/** The element that a key stands for. */
function valueOf(key: bigint, dtype: DType): number {
  const { kind, bytes } = infoOf(dtype);
  const view = new DataView(new ArrayBuffer(8));
  const top = 1n << 63n;
  const bits =
    kind === "unsigned" || kind === "bool" ? key : kind === "signed" ? key ^ top : key & top ? key ^ top : ~key;
  view.setBigUint64(0, BigInt.asUintN(64, bits));
  if (kind === "float") return bytes === 8 ? view.getFloat64(0) : view.getFloat32(0);
  if (bytes === 8) return Number(kind === "signed" ? view.getBigInt64(0) : view.getBigUint64(0));
  return kind === "signed" ? view.getInt32(0) : view.getUint32(0);
}

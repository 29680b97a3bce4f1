import type { FunctionNode } from "../../../collections/expression/nodes.ts";
import type { MathFunction } from "../../../collections/functions/table.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import { InternalError, OverflowError } from "../../../errors.ts";
import { valueAt, type Batch, type Column, type NumberColumn } from "../column.ts";
import { castColumn } from "../cast.ts";
import { ColumnValues, WholeValues } from "./whole.ts";

type Evaluator = (batch: Batch) => Column;

const REAL: Readonly<Partial<Record<MathFunction, (x: number) => number>>> = {
  sqrt: Math.sqrt,
  exp: Math.exp,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
};

/** Functions that keep the type: of a float, and of an integer beyond 2^53 (or any, where it is the same). */
const KEEPING: Readonly<Partial<Record<MathFunction, { float(x: number): number; integer(x: bigint): bigint }>>> = {
  sign: { float: (x) => Math.sign(x) + 0, integer: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) },
  floor: { float: Math.floor, integer: (x) => x },
  ceil: { float: Math.ceil, integer: (x) => x },
};

export function mathCall(
  node: FunctionNode & { op: MathFunction },
  args: readonly Evaluator[],
  type: ScalarType,
): Evaluator {
  const real = REAL[node.op];
  if (real !== undefined) return (batch) => mapFloats(castColumn(args[0](batch), "float64"), real);
  if (node.op === "isNaN") return (batch) => isNaNs(castColumn(args[0](batch), "float64"));
  if (node.op === "clip") return (batch) => clipped(args.map((arg) => castColumn(arg(batch), type)), type, batch.rows); // prettier-ignore
  const decimals = Number(node.params?.["decimals"] ?? 0);
  const keeping = KEEPING[node.op] ?? {
    float: (x: number) => roundFloat(x, decimals),
    integer: (x: bigint) => (decimals >= 0 ? x : roundInteger(x, -decimals)),
  };
  return (batch) => {
    const column = castColumn(args[0](batch), type);
    return column.type === "float64" ? mapFloats(column, keeping.float) : mapIntegers(column, keeping.integer);
  };
}

function mapFloats(column: Column, f: (x: number) => number): Column {
  if (column.type !== "float64") throw new InternalError(`A ${column.type} column where floats are expected.`);
  const { values, valid } = column;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = f(values[i]);
  // A null stays NaN beneath, whatever the function makes of NaN.
  if (valid !== undefined) for (let i = 0; i < out.length; i++) if (valid[i] === 0) out[i] = NaN;
  return { type: "float64", values: out, valid };
}

function mapIntegers(column: Column, f: (x: bigint) => bigint): Column {
  const { values, valid } = column as NumberColumn; // by its type
  const out = new WholeValues(values.length);
  for (let i = 0; i < values.length; i++) out.set(i, f(BigInt(values[i])));
  return out.column("int64", valid);
}

function isNaNs(column: Column): Column {
  const { values, valid } = column as NumberColumn; // just cast
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i] !== values[i] && valid?.[i] !== 0 ? 1 : 0;
  return { type: "bool", values: out, valid };
}

/** As NumPy: scaled, rounded to the even of two neighbours, scaled back. What cannot be scaled has no such decimals. */
export function roundFloat(x: number, decimals: number): number {
  if (decimals === 0) return roundEven(x);
  const scale = Number(`1e${Math.abs(decimals)}`);
  const scaled = decimals > 0 ? x * scale : x / scale;
  if (!Number.isFinite(scaled)) return x;
  const rounded = roundEven(scaled);
  return decimals > 0 ? rounded / scale : rounded === 0 ? rounded : rounded * scale;
}

function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest === 0 || x !== x) return x;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const result = up ? below + 1 : below;
  return result === 0 && x < 0 ? -0 : result;
}

/** To a multiple of 10^zeros, halves to the even one. */
function roundInteger(x: bigint, zeros: number): bigint {
  if (zeros > 19) return 0n;
  const unit = 10n ** BigInt(zeros);
  const rest = ((x % unit) + unit) % unit;
  const below = x - rest;
  const up = 2n * rest > unit || (2n * rest === unit && (below / unit) % 2n !== 0n);
  const result = up ? below + unit : below;
  if (BigInt.asIntN(64, result) === result) return result;
  throw new OverflowError(`${x} rounded to ${zeros} zeros, ${result}, does not fit int64.`, {
    fields: { value: x.toString(), decimals: -zeros },
    fix: 'cast it first: .cast("float64").',
  });
}

/** Bounds that are null or NaN bound nothing. */
function clipped([column, low, high]: readonly Column[], type: ScalarType, rows: number): Column {
  const out = new ColumnValues(type as Exclude<ScalarType, "string">, rows); // clip takes numbers alone
  for (let i = 0; i < rows; i++) {
    let value = valueAt(column, i) as number | bigint | null;
    if (value === null) continue;
    const [least, most] = [valueAt(low, i), valueAt(high, i)] as (number | bigint | null)[]; // numbers, as all are
    if (least !== null && value < least) value = least;
    if (most !== null && value > most) value = most;
    out.set(i, value);
  }
  return out.column();
}

/** Arithmetic of two columns, and of one. Integers are exact: f64 while all are within ±2^53, 64 bits beyond. */
import type { ArithmeticOp } from "../../../collections/expression.ts";
import { InternalError } from "../../../errors.ts";
import type { Column, Int64Column } from "../column.ts";
import { allSafe, arithmetic, bigArithmetic, dropMinusZero, floorDivIntegers } from "../numeric.ts";
import type { VectorLoops } from "../vector-loops.ts";
import { FloatVector, type VectorMemory } from "../vector-memory.ts";
import { asFloats, bothValid, bytes, floats, type Evaluator } from "./buffers.ts";

export function binaryArithmetic(op: ArithmeticOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = new FloatVector();
  const [leftFloats, rightFloats] = [floats(), floats()];
  const both = bytes();
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    if (a.type === "string" || b.type === "string") throw new InternalError(`${op} of strings.`);
    const valid = bothValid(a.valid, b.valid, both);
    const n = batch.rows;
    const values = out.take(n, batch.memory);
    const isInteger = a.type !== "float64" && b.type !== "float64" && op !== "div" && op !== "pow";
    if (!isInteger) {
      calculate(op, asFloats(a, leftFloats), asFloats(b, rightFloats), values, batch.memory);
      return { type: "float64", values, valid };
    }
    if (a.values instanceof BigInt64Array || b.values instanceof BigInt64Array) return wideArithmetic(op, a, b, valid);
    const [x, y] = [asFloats(a, leftFloats), asFloats(b, rightFloats)];
    if (op === "floorDiv" || op === "mod") return integerDivision(op, x, y, values, valid, n);
    calculate(op, x, y, values, batch.memory);
    if (op === "mul") dropMinusZero(values, n);
    return allSafe(values, n) ? { type: "int64", values, valid } : wideArithmetic(op, a, b, valid);
  };
}

const compiledLoops: Partial<Record<ArithmeticOp, "addVectors" | "subVectors" | "mulVectors" | "divVectors">> = {
  add: "addVectors",
  sub: "subVectors",
  mul: "mulVectors",
  div: "divVectors",
} satisfies Partial<Record<ArithmeticOp, keyof VectorLoops>>;

/** The operation on each two values, by the loop that is compiled ahead where there is one and all three arrays are within its reach. */
function calculate(
  op: ArithmeticOp,
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  memory: VectorMemory | undefined,
): void {
  const loop = compiledLoops[op];
  if (loop !== undefined && memory !== undefined && memory.holds(a) && memory.holds(b) && memory.holds(out))
    memory.loops[loop](a.byteOffset, b.byteOffset, out.byteOffset, out.length);
  else arithmetic[op](a, b, out, out.length);
}

/** By 0 it is null. */
function integerDivision(
  op: "floorDiv" | "mod",
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  valid: Uint8Array | undefined,
  n: number,
): Int64Column {
  if (op === "mod") arithmetic.mod(a, b, out, n);
  else floorDivIntegers(a, b, out, n);
  dropMinusZero(out, n);
  let mask = valid;
  for (let i = 0; i < n; i++) {
    if (b[i] !== 0) continue;
    if (mask === valid) mask = valid === undefined ? new Uint8Array(n).fill(1) : valid.slice(0, n);
    (mask as Uint8Array)[i] = 0; // made in the line before
    out[i] = 0;
  }
  return { type: "int64", values: out, valid: mask };
}

function wideArithmetic(op: ArithmeticOp, a: Column, b: Column, valid: Uint8Array | undefined): Int64Column {
  if (a.type === "string" || b.type === "string") throw new InternalError(`${op} of strings.`);
  const n = a.values.length;
  const values = new BigInt64Array(n);
  let mask = valid;
  for (let i = 0; i < n; i++) {
    if (valid !== undefined && valid[i] === 0) continue;
    const result = bigArithmetic(op, BigInt(a.values[i]), BigInt(b.values[i]));
    if (result !== null) values[i] = result;
    else {
      if (mask === valid) mask = valid === undefined ? new Uint8Array(n).fill(1) : valid.slice(0, n);
      (mask as Uint8Array)[i] = 0; // made in the line before
    }
  }
  return { type: "int64", values, valid: mask };
}

export function absolute(arg: Evaluator): Evaluator {
  const out = floats();
  return (batch) => {
    const a = arg(batch);
    if (a.type !== "int64" && a.type !== "float64") throw new InternalError(`abs of ${a.type}.`);
    if (a.values instanceof BigInt64Array) {
      const values = a.values.map((v) => (v < 0n ? -v : v));
      if (values.some((v) => v < 0n)) bigArithmetic("sub", 0n, -9223372036854775808n);
      return { type: "int64", values, valid: a.valid };
    }
    const values = out(batch.rows);
    for (let i = 0; i < values.length; i++) values[i] = Math.abs(a.values[i]);
    return { type: a.type, values, valid: a.valid };
  };
}

import type { ExpressionNode } from "../../lib/collections/expression.ts";
import { literalValue } from "../../lib/collections/expression.ts";
import type { ScalarType, Schema } from "../../lib/collections/schema.ts";
import { typeOf } from "../../lib/collections/typing.ts";

/** Expressions one value at a time, as simply as can be: what the kernels are held to. int64 is bigint here, float64 number. */
export type Value = null | boolean | number | bigint | string;
export type Row = Readonly<Record<string, Value>>;

export class Overflow extends Error {}

export function evaluate(node: ExpressionNode, row: Row, schema: Schema): Value {
  switch (node.op) {
    case "col":
      return row[node.name];
    case "lit": {
      const value = literalValue(node.value);
      return node.type === "int64" && typeof value === "number" ? BigInt(value) : value;
    }
    case "isNull":
      return evaluate(node.args[0], row, schema) === null;
    case "isNotNull":
      return evaluate(node.args[0], row, schema) !== null;
    case "and":
    case "or": {
      const [a, b] = node.args.map((arg) => evaluate(arg, row, schema));
      const decides = node.op === "or";
      if (a === decides || b === decides) return decides;
      return a === null || b === null ? null : !decides;
    }
    case "fillNull": {
      const type = typeOf(node, schema);
      const [a, b] = node.args.map((arg) => evaluate(arg, row, schema));
      return type === "float64" ? number(a ?? b) : (a ?? b);
    }
    case "cast":
      return cast(evaluate(node.args[0], row, schema), node.to);
    case "isIn": {
      const value = evaluate(node.args[0], row, schema);
      // JavaScript's == is exact between bigint and number.
      return value === null ? null : node.values.some((v) => equal(value, literalValue(v) as Exclude<Value, null>)); // isIn takes no null
    }
    default: {
      const args = node.args.map((arg) => evaluate(arg, row, schema));
      if (args.includes(null)) return null;
      return strict(node.op, args as Exclude<Value, null>[], typeOf(node, schema)); // just checked
    }
  }
}

type Known = Exclude<Value, null>;

function number(value: Value): number | null {
  return value === null ? null : Number(value);
}

function equal(a: Known, b: Known): boolean {
  return typeof a === typeof b ? a === b : typeof a !== "string" && typeof b !== "string" && a == b; // eslint-disable-line eqeqeq -- see above
}

function cast(value: Value, to: ScalarType): Value {
  if (value === null) return null;
  if (to === "float64") return Number(value);
  if (to === "bool") return Boolean(value);
  if (to === "int64") {
    if (typeof value !== "number") return BigInt(value);
    const whole = Math.trunc(value);
    return whole >= -(2 ** 63) && whole < 2 ** 63 ? BigInt(whole) : null;
  }
  if (Object.is(value, -0)) return "-0.0";
  const isWholeFloat = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e16;
  return isWholeFloat ? `${value}.0` : String(value);
}

function fits(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw new Overflow();
  return value;
}

/** Code points in order. */
function order(a: Known, b: Known): number {
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : equal(a, b) || Number(a) === Number(b) ? 0 : NaN;
}

function strict(op: string, [a, b]: readonly Known[], type: ScalarType | "null"): Value {
  switch (op) {
    case "not":
      return a === false;
    case "xor":
      return a !== b;
    case "neg":
      return typeof a === "bigint" ? fits(-a) : -Number(a);
    case "abs":
      return typeof a === "bigint" ? fits(a < 0n ? -a : a) : Math.abs(Number(a));
    case "eq":
      return order(a, b) === 0;
    case "ne":
      return order(a, b) !== 0;
    case "lt":
      return order(a, b) < 0;
    case "le":
      return order(a, b) <= 0;
    case "gt":
      return order(a, b) > 0;
    case "ge":
      return order(a, b) >= 0;
    case "div":
      return Number(a) / Number(b);
    case "pow":
      return Number(a) ** Number(b);
    default:
      return type === "int64" ? integers(op, BigInt(a), BigInt(b)) : floats(op, Number(a), Number(b));
  }
}

function integers(op: string, a: bigint, b: bigint): bigint | null {
  if (op === "add") return fits(a + b);
  if (op === "sub") return fits(a - b);
  if (op === "mul") return fits(a * b);
  if (b === 0n) return null;
  const remainder = ((a % b) + b) % b;
  return op === "mod" ? remainder : fits((a - remainder) / b);
}

function floats(op: string, a: number, b: number): number {
  if (op === "add") return a + b;
  if (op === "sub") return a - b;
  if (op === "mul") return a * b;
  if (op === "floorDiv") return floorQuotient(a, b);
  const remainder = a % b;
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
}

/** The floor of a / b, exactly, by whole numbers; beyond 2^52, where Python rounds more than once, by its steps (float_floor_div). */
function floorQuotient(a: number, b: number): number {
  if (b === 0 || a === 0 || Number.isNaN(b)) return a / b;
  if (!Number.isFinite(a)) return NaN;
  if (!Number.isFinite(b)) return a < 0 === b < 0 ? 0 : -1;
  const [x, y] = [whole(a), whole(b)];
  const quotient = x / y - (x % y !== 0n && x < 0n !== y < 0n ? 1n : 0n);
  if (quotient > -(2n ** 52n) && quotient < 2n ** 52n) return Number(quotient);
  const remainder = a % b;
  let steps = (a - remainder) / b;
  if (remainder !== 0 && remainder < 0 !== b < 0) steps -= 1;
  return Math.floor(steps) + (steps - Math.floor(steps) > 0.5 ? 1 : 0);
}

/** The float times 2^1074, which is whole for every finite one. */
function whole(value: number): bigint {
  let doublings = 1074n;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    doublings--;
  }
  return BigInt(scaled) << doublings;
}

/**
 * Expressions over batches, a vector at a time: `compile` turns an expression into a tree of closures, each of which fills a buffer
 * of its own and uses it again for the next batch. So the loops stay simple and fast, and nothing is allocated per row.
 *
 * Nulls travel beside the values: loops compute every slot, and `valid` says which count. Null slots hold 0 (NaN in floats), so they
 * never overflow. A result is good until the next call.
 */
import type { ArithmeticOp, BinaryOp, BooleanOp, ComparisonOp, ExpressionNode } from "../../collections/expression.ts";
import { formatExpression, literalValue } from "../../collections/expression.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import { listedTime, timeOperands, typeOf } from "../../collections/typing.ts";
import { InternalError, OverflowError } from "../../errors.ts";
import { castColumn } from "./cast.ts";
import {
  TextDictionary,
  codesValid,
  columnOf,
  compareTexts,
  isWideInteger,
  type Batch,
  type BoolColumn,
  type Column,
  type Dictionary,
  type Float64Column,
  type Int64Column,
  type IntegerColumn,
  type NumberColumn,
  type StringColumn,
} from "./column.ts";
import { coalesceCall } from "./functions/choice.ts";
import { compileCall } from "./functions/call.ts";
import { castCall } from "./functions/parse.ts";
import { asCount, asTime, isTime } from "./functions/time-arithmetic.ts";
import { overflowIn } from "./overflow.ts";
import { FloatVector, type VectorLoops, type VectorMemory } from "./vector-memory.ts";
import { allSafe, arithmetic, bigArithmetic, comparison, dropMinusZero, floorDivIntegers, passes } from "./numeric.ts";

export type Evaluator = (batch: Batch) => Column;

export function compile(node: ExpressionNode, schema: Schema): Evaluator {
  switch (node.op) {
    case "col":
      return (batch) => columnOf(batch, node.name);
    case "lit":
      return literal(node);
    case "cast":
      return castCall(
        node.to,
        typeOf(node.args[0], schema),
        node.errors,
        compile(node.args[0], schema),
        formatExpression(node),
      );
    case "neg":
      return binaryArithmetic("mul", compile(node.args[0], schema), constant(-1, "int64"));
    case "abs":
      return absolute(compile(node.args[0], schema));
    case "not":
      return not(compile(node.args[0], schema));
    case "isNull":
    case "isNotNull":
      return nullTest(compile(node.args[0], schema), node.op === "isNull");
    case "isIn":
      return isIn(compile(node.args[0], schema), listed(node, typeOf(node.args[0], schema)));
    case "fillNull": {
      const type = typeOf(node, schema);
      return coalesceCall(node.args, type === "null" ? "float64" : type, (arg) => compile(arg, schema));
    }
    case "and":
    case "or":
    case "xor":
      return logic(node.op, compile(node.args[0], schema), compile(node.args[1], schema));
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return compare(node.op, ...compared(timeOperands(node.args, schema), schema));
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "floorDiv":
    case "mod":
    case "pow":
      return naming(node, arithmeticOf(node, schema));
    default:
      return compileCall(node, schema, compile);
  }
}

/** Dates and timestamps count as whole numbers do; what a sum or difference of them is, its type says. */
function arithmeticOf(node: ExpressionNode & { op: BinaryOp }, schema: Schema): Evaluator {
  const op = node.op as ArithmeticOp; // as its caller has looked up
  const types = node.args.map((arg) => typeOf(arg, schema));
  if (!types.some(isTime)) return binaryArithmetic(op, operand(node, 0, schema), operand(node, 1, schema));
  const unit = types.includes("timestamp") ? "timestamp" : "date";
  const [left, right] = node.args.map((arg, i) => asCount(compile(arg, schema), types[i], unit));
  return asTime(binaryArithmetic(op, left, right), typeOf(node, schema));
}

/** Both sides of a comparison; a date that meets a timestamp is its midnight. */
function compared(args: readonly [ExpressionNode, ExpressionNode], schema: Schema): [Evaluator, Evaluator] {
  const types = args.map((arg) => typeOf(arg, schema));
  const side = (i: 0 | 1): Evaluator => {
    const evaluate = compile(args[i], schema);
    return types[i] === "date" && types[1 - i] === "timestamp" ? castTo(evaluate, "timestamp") : evaluate;
  };
  return [side(0), side(1)];
}

/** The values of a list as the column has them. */
function listed(node: ExpressionNode & { op: "isIn" }, type: ScalarType | "null"): ReturnType<typeof literalValue>[] {
  if (!isTime(type)) return node.values.map(literalValue);
  // An instant that is no midnight equals no date.
  return node.values.flatMap((value) => {
    const time = listedTime(value, type) ?? { type, value };
    return time.type === type ? [literalValue(time.value)] : [];
  });
}

/** An overflow says in which expression it happened. */
function naming(node: ExpressionNode, evaluate: Evaluator): Evaluator {
  return (batch) => {
    try {
      return evaluate(batch);
    } catch (error) {
      throw error instanceof OverflowError ? overflowIn(formatExpression(node), error) : error;
    }
  };
}

/** An operand of arithmetic; the null literal takes the result's type. */
function operand(node: ExpressionNode & { op: BinaryOp }, i: 0 | 1, schema: Schema): Evaluator {
  const type = typeOf(node, schema);
  const evaluate = compile(node.args[i], schema);
  return type !== "null" && typeOf(node.args[i], schema) === "null" ? castTo(evaluate, type) : evaluate;
}

/** A buffer that is made again only when it is too small. */
function floats(): (n: number) => Float64Array {
  let buffer = new Float64Array(0);
  return (n) => (buffer.length < n ? (buffer = new Float64Array(Math.ceil(n * 1.25))) : buffer).subarray(0, n);
}

function bytes(): (n: number) => Uint8Array {
  let buffer = new Uint8Array(0);
  return (n) => (buffer.length < n ? (buffer = new Uint8Array(Math.ceil(n * 1.25))) : buffer).subarray(0, n);
}

function literal(node: ExpressionNode & { op: "lit" }): Evaluator {
  const value = literalValue(node.value);
  if (typeof value === "string") return constantString(value);
  if (typeof value === "boolean") return constantBool(value);
  if (value === null || node.type === "null") return constantNull();
  const type = node.type as NumberColumn["type"]; // what is left
  if (typeof value === "bigint") return constantWide(value, type === "float64" ? "int64" : type);
  return constant(value, type);
}

function constant(value: number, type: NumberColumn["type"]): Evaluator {
  const vector = new FloatVector();
  return ({ rows, memory }) => ({ type, values: vector.take(rows, memory).fill(value) });
}

function constantString(text: string): Evaluator {
  const dictionary = new TextDictionary();
  dictionary.code(text);
  return ({ rows }) => ({ type: "string", codes: new Int32Array(rows).fill(1), dictionary });
}

function constantWide(value: bigint, type: IntegerColumn["type"]): Evaluator {
  if (!isWideInteger(value)) return constant(Number(value), type);
  return ({ rows }) => ({ type, values: new BigInt64Array(rows).fill(value) });
}

function constantBool(value: boolean): Evaluator {
  return ({ rows }) => ({ type: "bool", values: new Uint8Array(rows).fill(value ? 1 : 0) });
}

function constantNull(): Evaluator {
  return ({ rows }) => ({ type: "float64", values: new Float64Array(rows).fill(NaN), valid: new Uint8Array(rows) });
}

/** int64, float64 or bool as f64; wide integers lose what is beyond 2^53. */
export function asFloats(column: Column, buffer: (n: number) => Float64Array = floats()): Float64Array {
  if (column.type === "string") throw new InternalError("A string column where numbers are expected.");
  if (column.values instanceof Float64Array) return column.values;
  const out = buffer(column.values.length);
  for (let i = 0; i < out.length; i++) out[i] = Number(column.values[i]);
  return out;
}

/** Valid where both are; undefined where both always are. */
function bothValid(
  a: Uint8Array | undefined,
  b: Uint8Array | undefined,
  buffer: (n: number) => Uint8Array,
): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const out = buffer(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i] & b[i];
  return out;
}

const bothBuffer = bytes;

function binaryArithmetic(op: ArithmeticOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = new FloatVector();
  const [leftFloats, rightFloats] = [floats(), floats()];
  const both = bothBuffer();
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

function absolute(arg: Evaluator): Evaluator {
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

function compare(op: ComparisonOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = bytes();
  const both = bothBuffer();
  const [leftFloats, rightFloats] = [floats(), floats()];
  const texts = compareStrings(op, out, both);
  return (batch) => {
    const [a, b] = [left(batch), right(batch)];
    if (a.type === "string" && b.type === "string") return texts(a, b);
    // Only the null literal may stand against a string.
    if (a.type === "string" || b.type === "string")
      return { type: "bool", values: out(batch.rows).fill(0), valid: new Uint8Array(batch.rows) };
    const values = out(batch.rows);
    const valid = bothValid(a.valid, b.valid, both);
    if (a.values instanceof BigInt64Array || b.values instanceof BigInt64Array) {
      // JavaScript compares bigint with number exactly.
      for (let i = 0; i < values.length; i++) values[i] = passesMixed(op, a.values[i], b.values[i]) ? 1 : 0;
    } else comparison[op](asFloats(a, leftFloats), asFloats(b, rightFloats), values, batch.rows);
    return { type: "bool", values, valid };
  };
}

function passesMixed(op: ComparisonOp, a: number | bigint, b: number | bigint): boolean {
  if (a < b) return passes(op, -1);
  if (a > b) return passes(op, 1);
  return a == b ? passes(op, 0) : op === "ne"; // eslint-disable-line eqeqeq -- 1n == 1 is meant; neither: NaN
}

/** Against a constant the answer is looked up by code: one comparison a distinct string. */
function compareStrings(
  op: ComparisonOp,
  out: (n: number) => Uint8Array,
  both: (n: number) => Uint8Array,
): (a: StringColumn, b: StringColumn) => BoolColumn {
  const byCode = new CodeTable((text, other) => passes(op, compareTexts(text, other)));
  const swapped = new CodeTable((text, other) => passes(op, compareTexts(other, text)));
  return (a, b) => {
    const n = a.codes.length;
    const values = out(n);
    if (b.dictionary.size === 2 && b.dictionary instanceof TextDictionary) byCode.look(a, b.dictionary.text(1), values);
    else if (a.dictionary.size === 2 && a.dictionary instanceof TextDictionary)
      swapped.look(b, a.dictionary.text(1), values);
    else
      for (let i = 0; i < n; i++)
        values[i] = passes(op, compareTexts(a.dictionary.text(a.codes[i]), b.dictionary.text(b.codes[i]))) ? 1 : 0;
    return { type: "bool", values, valid: bothValid(codesValid(a.codes), codesValid(b.codes), both) };
  };
}

/** A predicate on strings, kept per code of the dictionary last seen. */
class CodeTable {
  readonly #test: (text: string, other: string) => boolean;
  #dictionary: Dictionary | undefined;
  #other = "";
  #answers: number[] = [0];

  constructor(test: (text: string, other: string) => boolean) {
    this.#test = test;
  }

  look(column: StringColumn, other: string, out: Uint8Array): void {
    if (this.#dictionary !== column.dictionary || this.#other !== other) {
      this.#dictionary = column.dictionary;
      this.#other = other;
      this.#answers = [0];
    }
    const answers = this.#answers;
    for (let code = answers.length; code < column.dictionary.size; code++)
      answers.push(this.#test(column.dictionary.text(code), other) ? 1 : 0);
    for (let i = 0; i < out.length; i++) out[i] = answers[column.codes[i]];
  }
}

function isIn(arg: Evaluator, values: readonly (null | boolean | number | bigint | string)[]): Evaluator {
  const out = bytes();
  const strings = new Set(values.filter((v) => typeof v === "string"));
  const numbers = new Set(values.filter((v) => v !== null && typeof v !== "string").map(normalNumber));
  const byCode = new CodeTable((text) => strings.has(text));
  return (batch) => {
    const a = arg(batch);
    const result = out(batch.rows);
    if (a.type === "string") {
      byCode.look(a, "", result);
      return { type: "bool", values: result, valid: codesValid(a.codes) };
    }
    for (let i = 0; i < result.length; i++) result[i] = numbers.has(normalNumber(a.values[i])) ? 1 : 0;
    return { type: "bool", values: result, valid: a.valid };
  };
}

/** One key for equal numbers, whether number, bigint or boolean. */
function normalNumber(value: number | bigint | boolean): number | bigint {
  if (typeof value !== "bigint") return Number(value);
  return isWideInteger(value) ? value : Number(value);
}

/** Kleene: false and null = false; true or null = true. */
function logic(op: BooleanOp, left: Evaluator, right: Evaluator): Evaluator {
  const out = bytes();
  const mask = bytes();
  return (batch) => {
    const [a, b] = [boolean(left(batch)), boolean(right(batch))];
    const values = out(batch.rows);
    for (let i = 0; i < values.length; i++)
      values[i] =
        op === "and" ? a.values[i] & b.values[i] : op === "or" ? a.values[i] | b.values[i] : a.values[i] ^ b.values[i];
    if (a.valid === undefined && b.valid === undefined) return { type: "bool", values };
    const valid = mask(batch.rows);
    for (let i = 0; i < values.length; i++) {
      const [av, bv] = [a.valid?.[i] ?? 1, b.valid?.[i] ?? 1];
      // The value that decides alone: false for "and", true for "or". Null slots hold 0.
      const decided =
        op === "and"
          ? (av & ~a.values[i]) | (bv & ~b.values[i])
          : op === "or"
            ? (av & a.values[i]) | (bv & b.values[i])
            : 0;
      valid[i] = (av & bv) | (decided & 1);
      if (op === "and" && (av & bv) === 0) values[i] = 0;
    }
    return { type: "bool", values, valid };
  };
}

/** A boolean column whose null slots are 0. The null literal counts as one. */
function boolean(column: Column): BoolColumn {
  if (column.type === "bool") return column;
  if (column.type === "float64")
    return { type: "bool", values: new Uint8Array(column.values.length), valid: column.valid };
  throw new InternalError(`A ${column.type} column where booleans are expected.`);
}

function not(arg: Evaluator): Evaluator {
  const out = bytes();
  return (batch) => {
    const a = boolean(arg(batch));
    const values = out(batch.rows);
    for (let i = 0; i < values.length; i++) values[i] = 1 - a.values[i];
    if (a.valid !== undefined) for (let i = 0; i < values.length; i++) values[i] &= a.valid[i];
    return { type: "bool", values, valid: a.valid };
  };
}

function nullTest(arg: Evaluator, whenNull: boolean): Evaluator {
  const out = bytes();
  return (batch) => {
    const a = arg(batch);
    const values = out(batch.rows);
    const [no, yes] = whenNull ? [0, 1] : [1, 0];
    if (a.type === "string") for (let i = 0; i < values.length; i++) values[i] = a.codes[i] === 0 ? yes : no;
    else if (a.valid === undefined) values.fill(no);
    else for (let i = 0; i < values.length; i++) values[i] = a.valid[i] === 0 ? yes : no;
    return { type: "bool", values };
  };
}

function castTo(arg: Evaluator, to: ScalarType): Evaluator {
  return (batch) => castColumn(arg(batch), to);
}

/** A column from single values: for the rare paths. */
export function fromValues(type: ScalarType, list: readonly (null | boolean | number | bigint | string)[]): Column {
  const isNull = list.some((v) => v === null);
  const valid = isNull ? Uint8Array.from(list, (v) => (v === null ? 0 : 1)) : undefined;
  if (type === "string") {
    const dictionary = new TextDictionary();
    return { type, codes: Int32Array.from(list, (v) => (v === null ? 0 : dictionary.code(String(v)))), dictionary };
  }
  if (type === "bool") return { type, values: Uint8Array.from(list, (v) => (v ? 1 : 0)), valid };
  if (type === "float64")
    return {
      type,
      values: Float64Array.from(list, (v) => (v === null ? NaN : Number(v))),
      valid,
    } satisfies Float64Column;
  const isWide = list.some((v) => typeof v === "bigint" && isWideInteger(v));
  // What is left are integers, or days and µs, which are held alike; null and text cannot be here.
  if (isWide) return { type, values: BigInt64Array.from(list, (v) => BigInt((v ?? 0) as bigint | number)), valid };
  return { type, values: Float64Array.from(list, (v) => Number(v ?? 0)), valid };
}

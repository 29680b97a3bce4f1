/** Constants as columns. */
import { literalValue, type ExpressionNode } from "../../../collections/expression.ts";
import { TextDictionary, isWideInteger, type IntegerColumn, type NumberColumn } from "../column.ts";
import { FloatVector } from "../vector-memory.ts";
import type { Evaluator } from "./buffers.ts";

export function literal(node: ExpressionNode & { op: "lit" }): Evaluator {
  const value = literalValue(node.value);
  if (typeof value === "string") return constantString(value);
  if (typeof value === "boolean") return constantBool(value);
  if (value === null || node.type === "null") return constantNull();
  const type = node.type as NumberColumn["type"]; // what is left
  if (typeof value === "bigint") return constantWide(value, type === "float64" ? "int64" : type);
  return constant(value, type);
}

export function constant(value: number, type: NumberColumn["type"]): Evaluator {
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

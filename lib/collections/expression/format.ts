import type { Json } from "../../errors.ts";
import { FUNCTIONS, isFunction, writtenParams } from "../functions/table.ts";
import { spellDate, spellTimestamp } from "../time/iso.ts";
import { literalValue } from "./literal.ts";
import type { ExpressionNode, FunctionNode, LiteralJson, LiteralNode } from "./nodes.ts";

const SYMBOLS: Partial<Record<string, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  floorDiv: "//",
  mod: "%",
  pow: "**",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or",
  xor: "xor",
};

/** The expression as people write it, and as the command line reads it. */
export function formatExpression(node: ExpressionNode): string {
  if (node.op === "col") return node.name;
  if (node.op === "lit") return formatLiteral(node);
  if (isFunction(node.op)) return formatCall(node as FunctionNode); // by its name
  const args: readonly ExpressionNode[] = node.args;
  const infix = args.length > 1 || node.op === "isIn";
  const inner = args.map((arg) =>
    "args" in arg && infix && !isFunction(arg.op) ? `(${formatExpression(arg)})` : formatExpression(arg),
  );
  const symbol = SYMBOLS[node.op];
  if (symbol !== undefined) return inner.join(` ${symbol} `);
  if (node.op === "isIn") return `${inner[0]} in [${node.values.map((value) => formatValue(value)).join(", ")}]`;
  if (node.op === "cast")
    return `cast(${inner[0]}, ${node.to}${node.errors === undefined ? "" : `, ${JSON.stringify(node.errors)}`})`;
  return `${node.op}(${inner.join(", ")})`;
}

function formatCall({ op, args, params = {} }: FunctionNode): string {
  const constants = writtenParams(FUNCTIONS[op], params).map((value: Json) => JSON.stringify(value));
  return `${op}(${[...args.map(formatExpression), ...constants].join(", ")})`;
}

function formatLiteral({ type, value }: LiteralNode): string {
  const known = literalValue(value);
  if (type === "date") return `cast("${spellDate(Number(known))}", date)`;
  if (type === "timestamp") return `cast("${spellTimestamp(known as number | bigint)}", timestamp)`; // by its type
  return formatValue(value, type === "float64");
}

/** Floats keep their point, also where they are whole, so that they are not taken for integers. */
function formatValue(json: LiteralJson, float = false): string {
  const value = literalValue(json);
  if (typeof value === "string") return JSON.stringify(value);
  const text = Object.is(value, -0) ? "-0" : String(value);
  const pointed = typeof value === "number" && (float || !Number.isSafeInteger(value)) && /^-?\d+$/.test(text);
  return pointed ? `${text}.0` : text;
}

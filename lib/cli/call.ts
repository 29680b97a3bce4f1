import { callNode } from "../collections/expression/base.ts";
import type { ExpressionNode } from "../collections/expression/nodes.ts";
import { FUNCTIONS, FUNCTION_NAMES, arity, paramProblem, type FunctionName } from "../collections/functions/table.ts";
import type { Json } from "../errors.ts";
import { FUNCTIONS as OTHERS } from "./operators.ts";

/** All that may be called in an expression. */
export const CALLED: readonly string[] = [...OTHERS, ...FUNCTION_NAMES];

/** The function of the library's table with that name, in any case. */
export function functionNamed(word: string): FunctionName | undefined {
  return FUNCTION_NAMES.find((name) => name.toLowerCase() === word.toLowerCase());
}

/** A call from what stands between its parentheses: the arguments, then the constants in the order of the function's table. A text says what is wrong. */
export function callFrom(op: FunctionName, given: readonly ExpressionNode[]): ExpressionNode | string {
  const spec = FUNCTIONS[op];
  const { least, most } = arity(spec);
  const params = spec.params ?? [];
  const args = given.slice(0, most);
  const rest = given.slice(most);
  const needed = params.filter((param) => param.optional !== true).length;
  if (given.length < least + needed || rest.length > params.length) return wrongCount(op, least + needed, most + params.length); // prettier-ignore
  const constants: [string, Json][] = [];
  for (const [i, { name }] of params.entries()) {
    const node = rest[i];
    if (node === undefined || (node.op === "lit" && node.value === null)) continue;
    if (node.op !== "lit" || typeof node.value === "object") return `the ${name} of ${op} is a constant`;
    constants.push([name, node.value]);
  }
  const problem = paramProblem(spec, Object.fromEntries(constants));
  if (problem !== undefined) return `${op} expects ${problem.expected} for ${problem.name}`;
  return callNode(op, args, Object.fromEntries(constants));
}

function wrongCount(op: string, least: number, most: number): string {
  const count = most === Infinity ? `${least} or more` : least === most ? String(least) : `${least} to ${most}`;
  return `${op} takes ${count} ${count === "1" ? "argument" : "arguments"}`;
}

import { expressionAt } from "./check-expression.ts";
import { paramProblem } from "./functions/table.ts";
import type { Params } from "./functions/spec.ts";
import { objectAt, oneOfAt, refuse } from "./plain.ts";
import { WINDOWS, WINDOW_NAMES, type WindowNode } from "./window.ts";

/** A window function from plain data. `PlanError` says where it is not one. */
export function windowAt(value: unknown, path: string): WindowNode {
  const object = objectAt(value, path, ["kind", "input", "params"]);
  const kind = oneOfAt(object["kind"], `${path}.kind`, WINDOW_NAMES);
  const input = expressionAt(object["input"], `${path}.input`);
  const params = objectAt(object["params"] ?? {}, `${path}.params`) as Params; // `paramProblem` looks at each
  const problem = paramProblem(WINDOWS[kind], params);
  if (problem !== undefined) refuse(`${path}.params.${problem.name}`, problem.expected, problem.found);
  return { kind, input, ...(object["params"] === undefined ? {} : { params }) };
}

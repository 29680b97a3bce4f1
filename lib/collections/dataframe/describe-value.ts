import { Aggregate, Expression } from "../expression.ts";
import { shown } from "../options.ts";
import { Window } from "../window.ts";

/** What was found where something else was expected. */
export function describe(value: unknown): string {
  if (value instanceof Expression) return `the expression ${String(value)}`;
  if (value instanceof Aggregate) return `the aggregate ${String(value)}`;
  if (value instanceof Window) return `the window function ${String(value)}`;
  return typeof value === "object" || value === undefined ? shown(value) : `a ${typeof value}`;
}

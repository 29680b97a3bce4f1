import { Aggregate, Expression } from "../expression.ts";

/** What was found where something else was expected. */
export function describe(value: unknown): string {
  if (value instanceof Expression) return `the expression ${String(value)}`;
  if (value instanceof Aggregate) return `the aggregate ${String(value)}`;
  return value === null ? "null" : `a ${typeof value}`;
}

import { ANY, common, type AnyType, type FunctionSpec } from "./spec.ts";

/** Functions that choose among their arguments, row by row. What a row does not choose is not looked at, so that it cannot fail there. */
export const CHOICE_FUNCTIONS = {
  /** Condition, value, condition, value, …, value. */
  when: { args: [ANY, ANY, ANY], rest: true, result: chosen },
  coalesce: { args: [ANY], rest: true, result: common },
  nullIf: { args: [ANY, ANY], result: (types) => (common(types) === undefined ? undefined : types[0]) },
} as const satisfies Record<string, FunctionSpec>;

function chosen(types: readonly AnyType[]): AnyType | undefined {
  const conditions = types.filter((_, i) => i % 2 === 0 && i < types.length - 1);
  if (types.length % 2 === 0 || !conditions.every((type) => type === "bool" || type === "null")) return undefined;
  return common(types.filter((_, i) => i % 2 === 1 || i === types.length - 1));
}

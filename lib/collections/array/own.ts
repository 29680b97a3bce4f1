import { mapped } from "./elementwise.ts";
import { REDUCTIONS } from "./reducing.ts";
import { isUfunc } from "./ufuncs.ts";

/** The function of arrays that travels under a name, see callables/own.ts: "map.sin", "reduce.mean". */
export function ownArrayFunction(name: string): unknown {
  const [kind, fn] = name.split(".");
  if (kind === "map" && isUfunc(fn)) return (...operands: Parameters<typeof mapped>[1]) => mapped(fn, operands);
  return kind === "reduce" ? REDUCTIONS.get(fn) : undefined;
}

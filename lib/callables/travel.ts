import { CallableError } from "../errors.ts";
import { encodeValue } from "../values.ts";

/** A result's bytes. @throws {CallableError} that says where in it the thing is that cannot travel. */
export function encodeResult(value: unknown, name: string): Uint8Array {
  return encoded(value, `${name}(…) returned something that cannot travel to another thread`);
}

/** An argument's bytes: as above. */
export function encodeArgument(value: unknown, what: string): Uint8Array {
  return encoded(value, `${what} was given something that cannot travel to another thread`);
}

function encoded(value: unknown, problem: string): Uint8Array {
  try {
    return encodeValue(value);
  } catch (cause) {
    const where = culprit(value);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CallableError(`${problem}: ${where ?? reason.replace(/\.$/, "")}.`, {
      cause,
      fields: { where: where ?? null },
      fix: "give data (numbers, strings, arrays, plain objects, Map, Set, Date, typed arrays), or make the thing where it is used.",
    });
  }
}

/** The first thing in a value that structured clone refuses, and the way to it. */
function culprit(root: unknown): string | undefined {
  const seen = new Set<object>();
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: "" }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { value, path } = next;
    const at = path === "" ? "" : ` at ${path}`;
    if (typeof value === "function") return `the function ${value.name || "(no name)"}${at}`;
    if (typeof value === "symbol") return `the ${String(value)}${at}`;
    if (typeof value !== "object" || value === null || seen.has(value) || seen.size > 100_000) continue;
    seen.add(value);
    if (isGenerator(value)) return `a generator${at}, which is no array: [...generator] is one`;
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet || value instanceof WeakRef)
      return `a ${value.constructor.name}${at}`;
    const entries =
      value instanceof Map ? [...value.entries()] : value instanceof Set ? [...value].entries() : Object.entries(value);
    for (const [key, child] of entries)
      open.push({
        value: child,
        path: /^\d+$/.test(String(key)) ? `${path}[${String(key)}]` : `${path}.${String(key)}`,
      });
  }
  return undefined;
}

function isGenerator(value: object): boolean {
  const kind = Object.prototype.toString.call(value);
  return kind === "[object Generator]" || kind === "[object AsyncGenerator]";
}

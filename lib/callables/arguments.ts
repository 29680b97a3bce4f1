import { encodeArgument } from "./travel.ts";

/**
 * One argument of a call, as data. `R` names another call, whose result goes there before this one can be made:
 *
 * - a value, encoded;
 * - the whole argument is another's result;
 * - a value with holes: an array or plain object that has results of others somewhere inside.
 */
export type Argument<R> =
  { readonly value: Uint8Array; readonly holes?: readonly Hole<R>[] } | { readonly value?: undefined; readonly ref: R };

export interface Hole<R> {
  /** Keys and indices from the argument down to the hole. */
  readonly path: readonly (string | number)[];
  readonly ref: R;
}

/**
 * Makes arguments of values. `find` tells what of them stands for another call's result. Arrays and plain objects are
 * looked through, however deep; anything else (Map, class instances) is a value as it is. Values are copied now: what the
 * caller changes later does not show.
 *
 * @param what names the call in errors, as "submit(…)".
 * @throws {CallableError} where a value cannot travel.
 */
export function toArguments<R>(
  values: readonly unknown[],
  find: (value: object) => R | undefined,
  what: string,
): Argument<R>[] {
  return values.map((value) => toArgument(value, find, what));
}

function toArgument<R>(value: unknown, find: (value: object) => R | undefined, what: string): Argument<R> {
  const encodeValue = (given: unknown) => encodeArgument(given, what);
  if (!canHold(value)) return { value: encodeValue(value) };
  const ref = find(value);
  if (ref !== undefined) return { ref };
  if (typeof value === "function") return { value: encodeValue(value) };
  const holes: Hole<R>[] = [];
  const copy = withHoles(value, find, holes);
  return holes.length === 0 ? { value: encodeValue(value) } : { value: encodeValue(copy), holes };
}

/** Values that are refs may be functions too. */
function canHold(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

interface Open {
  readonly from: Readonly<Record<string, unknown>>;
  readonly to: Record<string, unknown>;
  readonly path: readonly (string | number)[];
}

/**
 * The value with `undefined` where refs were. A loop with a list of its own: values may be nested deeper than the stack. An
 * object that is met twice is copied once, as structured clone keeps it; holes are written on each way there.
 */
function withHoles<R>(root: object, find: (value: object) => R | undefined, holes: Hole<R>[]): unknown {
  if (!isPlain(root)) return root;
  const copies = new Map<object, object>();
  const open: Open[] = [];
  const copyOf = (from: object, path: readonly (string | number)[]): object => {
    const known = copies.get(from);
    if (known !== undefined) return known;
    const to: object = Array.isArray(from) ? new Array(from.length) : {};
    copies.set(from, to);
    // The casts only give both kinds of container one way to be read and written by key.
    open.push({ from: from as Record<string, unknown>, to: to as Record<string, unknown>, path });
    return to;
  };
  const copy = copyOf(root, []);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { from, to, path } = next;
    for (const key of Object.keys(from)) {
      const child = from[key];
      const step = Array.isArray(from) ? Number(key) : key;
      let made: unknown = child;
      if (canHold(child)) {
        const ref = find(child);
        if (ref !== undefined) {
          holes.push({ path: [...path, step], ref });
          made = undefined;
        } else if (isPlain(child)) made = copyOf(child, [...path, step]);
      }
      if (key === "__proto__") Object.defineProperty(to, key, { value: made, enumerable: true, writable: true });
      else to[key] = made;
    }
  }
  return copy;
}

export function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Puts what a hole was for into the value. */
export function fill(value: unknown, path: readonly (string | number)[], filling: unknown): void {
  // The path was made from a value of this shape.
  let at = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path[path.length - 1]] = filling;
}

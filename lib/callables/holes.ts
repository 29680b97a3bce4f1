import { CallableError } from "../errors.ts";

export interface Hole<R> {
  /** Keys and indices from the argument down to the hole. */
  readonly path: readonly (string | number)[];
  readonly ref: R;
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
export function withHoles<R>(root: object, find: (value: object) => R | undefined, holes: Hole<R>[]): unknown {
  if (root instanceof Map || root instanceof Set) refuseRefs(root, find);
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
        } else if (child instanceof Map || child instanceof Set) refuseRefs(child, find);
        else if (isPlain(child)) made = copyOf(child, [...path, step]);
      }
      if (key === "__proto__") Object.defineProperty(to, key, { value: made, enumerable: true, writable: true });
      else to[key] = made;
    }
  }
  return copy;
}

/** Where a Map or Set has a ref in it, nothing would put the result there: better said than sent as an empty object. */
function refuseRefs<R>(
  container: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  find: (value: object) => R | undefined,
): void {
  for (const entry of container.values()) {
    if (!canHold(entry) || find(entry) === undefined) continue;
    const kind = container instanceof Map ? "Map" : "Set";
    throw new CallableError(
      `An argument is a ${kind}, or has one in it, that holds a result to come (${entry.constructor.name}).`,
      {
        fields: { kind },
        fix: `pass an array or a plain object of them, and make the ${kind} in the function: new ${kind}(…).`,
      },
    );
  }
}

/** Values that are refs may be functions too. */
export function canHold(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
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
  const last = path.length - 1;
  for (let i = 0; i < last; i++) at = at[path[i]] as Record<string | number, unknown>;
  at[path[last]] = filling;
}

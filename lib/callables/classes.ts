import { types } from "node:util";
import { deserialize, serialize } from "node:v8";
import { CallableError } from "../errors.ts";
import type { ClassKey } from "../ordinary-errors.ts";
import { requireBundle } from "./bundle.ts";
import { privateMembersOf } from "./private-members.ts";
import { classKeyOf, classPrototypeOf } from "./registry.ts";

/**
 * Instances of users' classes in values. Structured clone makes plain objects of them, but keeps which part of a value is which: so
 * what travels is the value, beside it the list of its instances, and for each its class. On the other side each is given its
 * prototype again, in place; shared parts, cycles, Map and Set need nothing more. Constructors are not called.
 */
interface Travelling {
  readonly value: unknown;
  readonly instances: readonly object[];
  /** For each instance a position in `keys`. */
  readonly classes: readonly number[];
  readonly keys: readonly ClassKey[];
  /** Properties of instances that structured clone keeps without theirs, as those that extend Map, Date or Error. */
  readonly properties: readonly (readonly [instance: number, properties: Readonly<Record<string, unknown>>])[];
}

/**
 * The bytes behind a first byte `tag`, or undefined where the value holds no instance of a class that is known here.
 *
 * @throws DataCloneError if the value, or an instance's class, cannot be cloned.
 */
export function encodeInstances(value: object, tag: number): Uint8Array | undefined {
  const instances = instancesIn(value);
  if (instances.length === 0) return undefined;
  const numbers = new Map<ClassKey, number>();
  const classes: number[] = [];
  const properties: [number, Readonly<Record<string, unknown>>][] = [];
  instances.forEach(([instance, key], i) => {
    checkPrivate(instance, key);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    classes.push(numbers.get(key) ?? 0);
    if (losesProperties(instance)) properties.push([i, { ...instance }]);
  });
  const parts = instances.map(([instance]) => instance);
  const travelling: Travelling = { value, instances: parts, classes, keys: [...numbers.keys()], properties };
  const body = serialize(travelling);
  const bytes = new Uint8Array(body.byteLength + 1);
  bytes[0] = tag;
  bytes.set(body, 1);
  return bytes;
}

/** @throws {CallableError} if a class cannot be loaded here. */
export function decodeInstances(bytes: Uint8Array): unknown {
  // Structured clone reads from ordinary memory only. The cast is what the encoder wrote.
  const body = bytes.buffer instanceof SharedArrayBuffer ? bytes.slice(1) : bytes.subarray(1);
  const { value, instances, classes, keys, properties } = deserialize(body) as Travelling;
  const prototypes = keys.map(prototypeOf);
  instances.forEach((instance, i) => Object.setPrototypeOf(instance, prototypes[classes[i]]));
  for (const [i, own] of properties)
    for (const [key, property] of Object.entries(own))
      Object.defineProperty(instances[i], key, {
        value: property,
        writable: true,
        enumerable: true,
        configurable: true,
      });
  return value;
}

function prototypeOf(key: ClassKey): object {
  const known = classPrototypeOf(key);
  if (known !== undefined) return known;
  // This thread has not needed the module before.
  requireBundle(key);
  const loaded = classPrototypeOf(key);
  if (loaded !== undefined) return loaded;
  throw new CallableError(`The module ${key.bundle} exports no class ${key.name}.`, {
    fields: { bundle: key.bundle, name: key.name },
    fix: "run the program again, so that fromModule bundles the module anew.",
  });
}

/** Each once, in the order in which they are met. A value may be as deep as it likes: nothing here calls itself. */
function instancesIn(root: object): [object, ClassKey][] {
  const found: [object, ClassKey][] = [];
  const seen = new Set<object>([root]);
  const open: object[] = [root];
  const meet = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    open.push(value);
  };
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const key = classKeyOf(part);
    if (key !== undefined) found.push([part, key]);
    if (ArrayBuffer.isView(part) || types.isAnyArrayBuffer(part)) continue;
    if (part instanceof Map) part.forEach((value, name) => (meet(name), meet(value)));
    else if (part instanceof Set) part.forEach(meet);
    for (const value of Array.isArray(part) ? part : Object.values(part)) meet(value);
  }
  return found;
}

/** They would be missing, and methods that use them would fail far from here. */
function checkPrivate(instance: object, { name }: ClassKey): void {
  const hidden = privateMembersOf(instance);
  if (hidden.length === 0) return;
  const members = hidden.length === 1 ? `the private member ${hidden[0]}` : `the private members ${hidden.join(", ")}`;
  throw new DOMException(
    `An instance of ${name} could not be cloned: its class has ${members}, which no copy can have. ` +
      "Use TypeScript's private in place of #, or return plain data.",
    "DataCloneError",
  );
}

function losesProperties(instance: object): boolean {
  const keepsThem = Array.isArray(instance) || Object.prototype.toString.call(instance) === "[object Object]";
  return !keepsThem && !ArrayBuffer.isView(instance) && Object.keys(instance).length > 0;
}

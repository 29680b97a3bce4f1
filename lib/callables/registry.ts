import { setErrorClasses, type ClassKey } from "../ordinary-errors.ts";
import type { CallableRef } from "./reference.ts";

/** A wrapper (what `delayed` makes) carries the function of the user's under this. */
export const RAW = Symbol.for("abanico.raw");

/** A bundle that `fromModule` wrote: its URL, and the hash of its content. */
export interface Bundle {
  readonly bundle: string;
  readonly hash: string;
  /** See `CallableRef`. */
  readonly cloud?: string;
}

/** Brings bundles that are not where their URL says: in a stack's functions, from its bucket. */
export interface BundleSource {
  /** The file that holds it; undefined where the source has none. What it brings it has checked. @throws CallableError */
  bring(bundle: Bundle): Promise<string | undefined>;
  /** The file of one that was brought before. */
  brought(bundle: Bundle): string | undefined;
}

interface Registry {
  /** What a module exports: functions, and the members of plain objects. */
  readonly refs: WeakMap<object, CallableRef>;
  readonly keys: WeakMap<object, ClassKey>;
  readonly prototypes: Map<string, object>;
  source?: BundleSource | undefined;
}

/**
 * One a thread, in the global object: a thread may hold two copies of this library (a bundler's, and the one that modules import),
 * and what one registers the other has to find.
 */
const REGISTRY = Symbol.for("abanico.callables");
const shared = globalThis as { [REGISTRY]?: Registry };
const registry: Registry = (shared[REGISTRY] ??= { refs: new WeakMap(), keys: new WeakMap(), prototypes: new Map() });

/** From now on, this thread looks for bundles there first. */
export function setBundleSource(source: BundleSource | undefined): void {
  registry.source = source;
}

export function bundleSource(): BundleSource | undefined {
  return registry.source;
}

/** Remembers what a module of a bundle exports: its functions travel by name, instances of its classes keep their class. */
export function registerModule(namespace: object, { bundle, hash }: Bundle): void {
  for (const [name, value] of Object.entries(namespace)) {
    if (typeof value === "function") registerExport(value, name, { bundle, hash });
    else if (isPlain(value))
      for (const [member, inner] of Object.entries(value))
        if (typeof inner === "function" && !isClass(inner))
          registerExport(inner, `${name}.${member}`, { bundle, hash });
  }
  setErrorClasses({ keyOf: classKeyOf, prototypeOf: classPrototypeOf });
}

function registerExport(value: object, name: string, { bundle, hash }: Bundle): void {
  if (isClass(value)) {
    const prototype: unknown = Reflect.get(value, "prototype");
    if (typeof prototype !== "object" || prototype === null) return;
    const key = { bundle, hash, name };
    registry.keys.set(prototype, key);
    registry.prototypes.set(textOf(key), prototype);
    return;
  }
  const ref: CallableRef = { kind: "module", bundle, hash, name };
  if (!registry.refs.has(value)) registry.refs.set(value, ref);
  const raw: unknown = Reflect.get(value, RAW);
  if (typeof raw === "function" && !registry.refs.has(raw)) registry.refs.set(raw, ref);
}

/** Remembers by which name a function of this library travels. */
export function ownRef(callable: object, ref: CallableRef): void {
  if (!registry.refs.has(callable)) registry.refs.set(callable, ref);
}

export function moduleRefOf(callable: object): CallableRef | undefined {
  return registry.refs.get(callable);
}

/** The class of an instance itself, not one that it extends. */
export function classKeyOf(instance: object): ClassKey | undefined {
  const prototype: unknown = Object.getPrototypeOf(instance);
  return typeof prototype === "object" && prototype !== null ? registry.keys.get(prototype) : undefined;
}

export function classPrototypeOf(key: ClassKey): object | undefined {
  return registry.prototypes.get(textOf(key));
}

/** While there are none, values need no walk. */
export function hasClasses(): boolean {
  return registry.prototypes.size > 0;
}

function textOf({ bundle, hash, name }: ClassKey): string {
  return `${hash} ${name} ${bundle}`;
}

export function isClass(value: object): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

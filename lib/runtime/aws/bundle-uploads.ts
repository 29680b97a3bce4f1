import { cloudBundle } from "../../callables/cloud-bundle.ts";
import type { CallableRef } from "../../callables/reference.ts";
import { bundleKey } from "./keys.ts";
import { putOnce, type Bucket } from "./run-objects.ts";

type ModuleRef = Extract<CallableRef, { kind: "module" }>;

/** Brings modules of functions to a stack's bucket, each once, named by their content. */
export class BundleUploads {
  readonly #bucket: Bucket;
  readonly #uploaded = new Map<string, Promise<string>>();
  readonly #refs = new Map<string, ModuleRef>();

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** Those that are there, a ref each: whoever reads values of their classes has to have them. */
  get modules(): readonly ModuleRef[] {
    return [...this.#refs.values()];
  }

  /** The same data, with each function of a module named by the bundle that is in the bucket. */
  async upload<T>(data: T): Promise<T> {
    const found = new Map<string, ModuleRef>();
    collectRefs(data, found);
    if (found.size === 0) return data;
    const hashes = new Map<string, string>();
    for (const [key, ref] of found) hashes.set(key, await this.#hashOf(ref));
    return withHashes(data, hashes) as T; // the same shape
  }

  /** The same for one function. */
  async ofFunction(ref: CallableRef): Promise<CallableRef> {
    return ref.kind === "module" ? { ...ref, cloud: await this.#hashOf(ref) } : ref;
  }

  #hashOf(ref: ModuleRef): Promise<string> {
    const key = keyOf(ref);
    const known = this.#uploaded.get(key);
    if (known !== undefined) return known;
    const uploading = this.#put(ref);
    this.#uploaded.set(key, uploading);
    uploading.catch(() => this.#uploaded.delete(key));
    return uploading;
  }

  async #put(ref: ModuleRef): Promise<string> {
    const { hash, text } = await cloudBundle(ref);
    await putOnce(this.#bucket, bundleKey(hash), new TextEncoder().encode(text));
    this.#refs.set(keyOf(ref), { ...ref, cloud: hash });
    return hash;
  }
}

const keyOf = ({ hash, bundle }: ModuleRef): string => `${hash} ${bundle}`;

function isModuleRef(value: object): value is ModuleRef {
  return "kind" in value && value.kind === "module" && "bundle" in value && typeof value.bundle === "string";
}

function collectRefs(value: unknown, found: Map<string, ModuleRef>): void {
  if (typeof value !== "object" || value === null) return;
  if (isModuleRef(value)) found.set(keyOf(value), value);
  else for (const one of Object.values(value)) collectRefs(one, found);
}

function withHashes(value: unknown, hashes: ReadonlyMap<string, string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withHashes(one, hashes));
  if (isModuleRef(value)) return { ...value, cloud: hashes.get(keyOf(value)) };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withHashes(one, hashes)]));
}

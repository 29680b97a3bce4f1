import { OptionError } from "../errors.ts";
import { fileStore } from "./file.ts";
import { memoryStore, type MemorySnapshot, type MemoryStore } from "./memory.ts";
import type { S3Options } from "./s3-client.ts";
import { s3Store } from "./s3.ts";
import type { Store } from "./store.ts";
import { schemeOf } from "./urls.ts";
import { withRetry } from "./with-retry.ts";

/** What a store is made from: plain data, so that worker threads and functions make the same one. */
export interface StoreOptions {
  readonly s3?: S3Options;
  readonly memory?: MemorySnapshot;
}

export interface DefaultStore extends Store {
  readonly memory: MemoryStore;
  /** Options that make an equal store on another thread: with what `memory:` holds now, its bytes shared, not copied. */
  toOptions(): StoreOptions;
}

/** Files, memory and S3 (with retries), chosen by the URL's scheme. Makes no connection before the first request. */
export function defaultStore(options: StoreOptions = {}): DefaultStore {
  const memory = memoryStore(options.memory);
  const stores = new Map<string, Store>([
    ["file", fileStore()],
    ["memory", memory],
    ["s3", withRetry(s3Store(options.s3))],
  ]);
  return {
    ...routed(stores),
    memory,
    toOptions: () => ({ ...(options.s3 === undefined ? {} : { s3: options.s3 }), memory: memory.snapshot() }),
  };
}

/** One store of many: each URL goes to the store of its scheme. `OptionError` where there is none. */
export function routed(stores: ReadonlyMap<string, Store>): Store {
  const of = (url: string): Store => {
    const store = stores.get(schemeOf(url) ?? "");
    if (store !== undefined) return store;
    const known = [...stores.keys()].map((scheme) => `${scheme}://`);
    throw new OptionError(`no store for ${url}; expected a URL that starts with ${known.join(", ")}`, {
      fields: { url, known },
      fix: schemeOf(url) === undefined ? "turn a path into a URL with toUrl" : "use one of these schemes",
    });
  };
  return {
    head: async (url, options) => of(url).head(url, options),
    open: async (url, options) => of(url).open(url, options),
    get: async (url, options) => of(url).get(url, options),
    put: async (url, bytes, options) => of(url).put(url, bytes, options),
    putStream: async (url, chunks, options) => of(url).putStream(url, chunks, options),
    list: (prefix, options) => of(prefix).list(prefix, options),
    delete: async (url) => of(url).delete(url),
  };
}

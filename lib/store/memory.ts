import { ConflictError, NotFoundError, SourceChangedError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { folderGate } from "./folder-gate.ts";
import type { ObjectInfo, Reader, ReadOptions, Store } from "./store.ts";
import { compareCodePoints, splitObjectUrl, splitUrl } from "./urls.ts";

/** An object and its bytes. They are never changed in place: a put makes new ones. */
export interface MemoryObject extends ObjectInfo {
  readonly bytes: SharedArrayBuffer;
}

/** What a memory store held at one moment. Structured clone passes it to a thread without copying the bytes. */
export interface MemorySnapshot {
  readonly objects: readonly MemoryObject[];
}

export interface MemoryStore extends Store {
  snapshot(): MemorySnapshot;
}

/**
 * Objects in memory, as `memory://name/key`. What a store made from a snapshot writes later is its own: it is not seen by the
 * store the snapshot was taken from.
 */
export function memoryStore(snapshot: MemorySnapshot = { objects: [] }): MemoryStore {
  const objects = new Map(snapshot.objects.map((object) => [object.url, object]));

  const find = (url: string, options: ReadOptions = {}): MemoryObject => {
    throwIfAborted(options.signal);
    splitObjectUrl(url);
    const object = objects.get(url);
    if (object === undefined) {
      throw new NotFoundError(`there is no object ${url}`, {
        fields: { url },
        fix: "put it first, into this same store",
      });
    }
    if (options.etag !== undefined && options.etag !== object.etag) {
      throw new SourceChangedError(`${url} was changed since the plan was made`, {
        fields: { url, expected: options.etag, found: object.etag },
        fix: "run again when nothing writes to it",
      });
    }
    return object;
  };

  const put: Store["put"] = async (url, bytes, options = {}) => {
    throwIfAborted(options.signal);
    splitObjectUrl(url);
    if (options.ifAbsent === true && objects.has(url)) {
      throw new ConflictError(`${url} is there already`, { fields: { url } });
    }
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const object = { url, size: bytes.length, etag: crypto.randomUUID(), bytes: shared };
    objects.set(url, object);
    return toInfo(object);
  };

  return {
    head: async (url, options) => toInfo(find(url, options)),
    open: async (url, options) => toReader(find(url, options)),
    get: async (url, options) => copy(find(url, options), 0, Infinity),
    put,
    async putStream(url, chunks, options = {}) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) {
        throwIfAborted(options.signal);
        parts.push(chunk.slice());
      }
      return put(url, Buffer.concat(parts), options);
    },
    async *list(prefix, { into, after = "", signal } = {}) {
      const { name, key } = splitUrl(prefix);
      const full = `memory://${name}/${key}`;
      const gate = folderGate(full, into);
      for (const url of [...objects.keys()].sort(compareCodePoints)) {
        throwIfAborted(signal);
        const object = objects.get(url);
        if (object === undefined || !url.startsWith(full) || compareCodePoints(url, after) <= 0) continue;
        if (gate(url) === undefined) yield toInfo(object);
      }
    },
    async delete(url) {
      objects.delete(url);
    },
    snapshot: () => ({ objects: [...objects.values()] }),
  };
}

function toReader(object: MemoryObject): Reader {
  const all = new Uint8Array(object.bytes);
  return {
    info: toInfo(object),
    async read(start, end, signal) {
      throwIfAborted(signal);
      return copy(object, start, end);
    },
    readSync(target, position) {
      const part = all.subarray(position, position + target.length);
      target.set(part);
      return part.length;
    },
    close: async () => {},
  };
}

/** A copy of [start, end): not shared, so that any API takes it, and writing to it harms nobody. */
function copy(object: MemoryObject, start: number, end: number): Uint8Array {
  return new Uint8Array(
    new Uint8Array(object.bytes, Math.min(start, object.size)).subarray(0, Math.max(0, end - start)),
  );
}

function toInfo({ url, size, etag }: MemoryObject): ObjectInfo {
  return { url, size, etag };
}

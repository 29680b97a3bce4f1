import type { Reader, Store } from "./store.ts";

/** Calls of one operation and the bytes they moved. */
export interface OperationCount {
  calls: number;
  bytes: number;
}

export type CountedOperation = "head" | "open" | "read" | "get" | "put" | "list" | "delete";
export type StoreCounts = Record<CountedOperation, OperationCount>;

export function emptyCounts(): StoreCounts {
  const zero = (): OperationCount => ({ calls: 0, bytes: 0 });
  return { head: zero(), open: zero(), read: zero(), get: zero(), put: zero(), list: zero(), delete: zero() };
}

/** A store that adds to `counts` what is asked of it, failed calls too. Below `withRetry` it counts attempts, above it whole calls. */
export function withCounting(store: Store, counts: StoreCounts): Store {
  const count = (operation: CountedOperation, bytes = 0): void => {
    counts[operation].calls++;
    counts[operation].bytes += bytes;
  };
  return {
    head(url, options) {
      count("head");
      return store.head(url, options);
    },
    async open(url, options) {
      count("open");
      return countingReader(await store.open(url, options), counts.read);
    },
    async get(url, options) {
      count("get");
      const bytes = await store.get(url, options);
      counts.get.bytes += bytes.length;
      return bytes;
    },
    put(url, bytes, options) {
      count("put", bytes.length);
      return store.put(url, bytes, options);
    },
    putStream(url, chunks, options) {
      count("put");
      return store.putStream(url, countingChunks(chunks, counts.put), options);
    },
    list(prefix, options) {
      count("list");
      return store.list(prefix, options);
    },
    delete(url) {
      count("delete");
      return store.delete(url);
    },
  };
}

function countingReader(reader: Reader, count: OperationCount): Reader {
  const { readSync } = reader;
  return {
    info: reader.info,
    async read(start, end, signal) {
      count.calls++;
      const bytes = await reader.read(start, end, signal);
      count.bytes += bytes.length;
      return bytes;
    },
    ...(readSync === undefined
      ? {}
      : {
          readSync(target: Uint8Array, position: number): number {
            count.calls++;
            const length = readSync(target, position);
            count.bytes += length;
            return length;
          },
        }),
    ...(reader.verify === undefined ? {} : { verify: async () => reader.verify?.() }),
    close: () => reader.close(),
  };
}

async function* countingChunks(chunks: AsyncIterable<Uint8Array>, count: OperationCount): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count.bytes += chunk.length;
    yield chunk;
  }
}

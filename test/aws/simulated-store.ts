import { StoreFaultError } from "../../lib/errors.ts";
import { withRetry } from "../../lib/store/with-retry.ts";
import type { ObjectInfo, Reader, Store } from "../../lib/store/store.ts";
import type { Operation } from "./simulated-faults.ts";

/** Does an operation as the network would have it: it takes a while, and may fail before or after. */
export type Through = <T>(operation: Operation, facts: { key?: string }, body: () => Promise<T>) => Promise<T>;

/** An S3 over a store in memory, as the functions see it: passing faults are retried behind it, as those of the real one are. */
export function simulatedS3(
  objects: Store,
  through: Through,
  retries: { readonly sleep: (ms: number) => Promise<void>; readonly random: () => number },
): Store {
  const inside = (url: string) => url.replace(/^s3:/, "memory:");
  const outside = (info: ObjectInfo): ObjectInfo => ({ ...info, url: info.url.replace(/^memory:/, "s3:") });
  const keyOf = (url: string) => ({ key: url.replace(/^\w+:\/\/[^/]*\//, "") });
  const readerOf = (url: string, reader: Reader): Reader => ({
    info: outside(reader.info),
    read: (start, end) => through("get", keyOf(url), () => reader.read(start, end)),
    close: () => reader.close(),
  });
  const faulty: Store = {
    head: (url, options) => through("head", keyOf(url), async () => outside(await objects.head(inside(url), options))),
    open: async (url, options) =>
      readerOf(url, await through("head", keyOf(url), () => objects.open(inside(url), options))),
    get: (url, options) => through("get", keyOf(url), () => objects.get(inside(url), options)),
    put: (url, bytes, options) =>
      through("put", keyOf(url), async () => outside(await objects.put(inside(url), bytes, options))),
    putStream: (url, chunks, options) =>
      through("put", keyOf(url), async () => outside(await objects.putStream(inside(url), chunks, options))),
    async *list(prefix, options) {
      const after = options?.after === undefined ? {} : { after: inside(options.after) };
      await through("list", keyOf(prefix), async () => undefined);
      for await (const info of objects.list(inside(prefix), { ...options, ...after })) yield outside(info);
    },
    delete: (url) => through("remove", keyOf(url), () => objects.delete(inside(url))),
  };
  const retried = withRetry(faulty, retries);
  return {
    ...retried,
    // The real one retries the parts of a stream by itself.
    async putStream(url, chunks, options) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk.slice());
      return retried.put(url, Buffer.concat(parts), options);
    },
  };
}

export function slowDown(operation: string, when: string): StoreFaultError {
  return new StoreFaultError(`S3 or SQS could not ${operation} now: SlowDown (503), ${when} it was done`, {
    fields: { operation, when },
    retryable: true,
  });
}

import { retry, type RetryOptions } from "./retry.ts";
import type { ListOptions, ObjectInfo, Reader, Store } from "./store.ts";

/**
 * A store that tries again where the other reports a passing fault (`retryable`).
 *
 * `putStream` goes through as it is: its chunks can be read only once, so the store itself retries the parts. A listing
 * goes on after the last object it gave; its attempts count anew with each object.
 */
export function withRetry(store: Store, options: RetryOptions = {}): Store {
  const again = <T>(signal: AbortSignal | undefined, operation: () => Promise<T>): Promise<T> =>
    retry(operation, options, signal);
  return {
    head: (url, head) => again(head?.signal, () => store.head(url, head)),
    open: async (url, open) =>
      retryingReader(await again(open?.signal, () => store.open(url, open)), options, open?.signal),
    get: (url, get) => again(get?.signal, () => store.get(url, get)),
    put: (url, bytes, put) => {
      const named = put?.ifAbsent === true ? { nonce: crypto.randomUUID(), ...put } : put;
      return again(put?.signal, () => store.put(url, bytes, named));
    },
    putStream: (url, chunks, put) => store.putStream(url, chunks, put),
    list: (prefix, list) => retryingList(store, prefix, list, options),
    delete: (url) => again(undefined, () => store.delete(url)),
  };
}

function retryingReader(reader: Reader, options: RetryOptions, openSignal: AbortSignal | undefined): Reader {
  return {
    info: reader.info,
    read: (start, end, signal = openSignal) => retry(() => reader.read(start, end, signal), options, signal),
    ...(reader.readSync === undefined ? {} : { readSync: reader.readSync }),
    ...(reader.verify === undefined ? {} : { verify: () => retry(async () => reader.verify?.(), options, openSignal) }),
    close: () => reader.close(),
  };
}

async function* retryingList(
  store: Store,
  prefix: string,
  list: ListOptions | undefined,
  options: RetryOptions,
): AsyncGenerator<ObjectInfo> {
  let entries = store.list(prefix, list)[Symbol.asyncIterator]();
  let last = list?.after;
  for (;;) {
    const step = await retry(
      async (attempt) => {
        // A generator that threw is over: go on with a new one.
        if (attempt > 1) {
          entries = store
            .list(prefix, { ...list, ...(last === undefined ? {} : { after: last }) })
            [Symbol.asyncIterator]();
        }
        return await entries.next();
      },
      options,
      list?.signal,
    );
    if (step.done === true) return;
    last = step.value.url;
    yield step.value;
  }
}

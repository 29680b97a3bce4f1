import type { PutObjectCommandOutput } from "@aws-sdk/client-s3";
import { InternalError, StoreFaultError } from "../errors.ts";
import { throwIfAborted } from "./abort.ts";
import { retry, type RetryOptions } from "./retry.ts";
import type { S3Options } from "./s3-client.ts";
import { listObjects } from "./s3-list.ts";
import { absent, abort, bare, marked, match, ownWrite, requester, type Client, type Target } from "./s3-request.ts";
import { partBytes, toParts, upload } from "./s3-upload.ts";
import type { ObjectInfo, PutOptions, Reader, ReadOptions, Store } from "./store.ts";

export interface S3StoreOptions extends S3Options {
  /** A client of one's own; the options above are then not looked at. */
  readonly client?: Client;
  /** Objects a listing asks for at once. Default 1,000, the most S3 gives. */
  readonly pageSize?: number;
  /** Bytes of a part of an upload. Default 8 MiB. */
  readonly partBytes?: number;
  /** For the requests of `putStream`, which `withRetry` cannot repeat as a whole. */
  readonly retry?: RetryOptions;
}

/**
 * Objects in S3, as `s3://bucket/key`, the key as it is. Loads the AWS SDK with the first request. Each method is one attempt:
 * passing faults are `StoreFaultError`s for `withRetry`.
 */
export function s3Store(options: S3StoreOptions = {}): Store {
  const request = requester(options);

  const head = async (url: string, { etag, signal }: ReadOptions = {}): Promise<ObjectInfo> => {
    const found = await request(url, "read", signal, ({ sdk, client, at }) =>
      client.send(new sdk.HeadObjectCommand({ ...at, ...match(etag) }), abort(signal)),
    );
    return { url, size: found.ContentLength ?? 0, etag: bare(found.ETag) };
  };

  const getRange = (url: string, range: string | undefined, { etag, signal }: ReadOptions): Promise<Uint8Array> =>
    request(url, "read", signal, async ({ sdk, client, at }) => {
      const input = { ...at, ...match(etag), ...(range === undefined ? {} : { Range: range }) };
      const answer = await client.send(new sdk.GetObjectCommand(input), abort(signal));
      const bytes = (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0);
      const expected = answer.ContentLength ?? bytes.length;
      if (bytes.length !== expected) throw cutShort(url, bytes.length, expected);
      return bytes;
    });

  const put = async (url: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> => {
    const { ifAbsent, nonce, signal } = options;
    const write = ({ sdk, client, at }: Target): Promise<PutObjectCommandOutput> =>
      client.send(
        new sdk.PutObjectCommand({ ...at, Body: unshared(bytes), ...absent(ifAbsent), ...marked(nonce) }),
        abort(signal),
      );
    const { ETag } = await request(url, "write", signal, (target) =>
      write(target).catch((error: unknown) => ownWrite(target, nonce, error)),
    );
    return { url, size: bytes.length, etag: bare(ETag) };
  };

  return {
    head,
    async open(url, options = {}) {
      const info = await head(url, options);
      return toReader(info, (range, signal = options.signal) =>
        getRange(url, range, { etag: info.etag, ...(signal === undefined ? {} : { signal }) }),
      );
    },
    get: (url, options = {}) => getRange(url, undefined, options),
    put,
    async putStream(url, chunks, write = {}) {
      const parts = toParts(chunks, options.partBytes ?? partBytes);
      const first = await parts.next();
      if (first.done === true) throw new InternalError("a stream gave no part");
      if (first.value.last) {
        const { bytes } = first.value;
        const named = write.ifAbsent === true ? { nonce: crypto.randomUUID(), ...write } : write;
        return await retry(() => put(url, bytes, named), options.retry, write.signal);
      }
      return await upload(request, url, first.value.bytes, parts, write, options.retry);
    },
    list: (prefix, list = {}) => listObjects(request, prefix, list, options.pageSize),
    async delete(url) {
      await request(url, "delete", undefined, ({ sdk, client, at }) => client.send(new sdk.DeleteObjectCommand(at)));
    },
  };
}

function toReader(info: ObjectInfo, get: (range: string, signal?: AbortSignal) => Promise<Uint8Array>): Reader {
  return {
    info,
    async read(start, end, signal) {
      throwIfAborted(signal);
      const last = Math.min(end, info.size) - 1;
      // S3 answers an empty range with an error (416).
      return last < start ? new Uint8Array(0) : get(`bytes=${start}-${last}`, signal);
    },
    close: async () => {},
  };
}

/** The SDK's hashes and sockets want memory that no other thread can change. */
function unshared(bytes: Uint8Array): Uint8Array {
  return bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
}

function cutShort(url: string, found: number, expected: number): StoreFaultError {
  return new StoreFaultError(`the answer for ${url} ended after ${found} of ${expected} bytes`, {
    fields: { url, found, expected },
    retryable: true,
  });
}

import type { CompletedPart } from "@aws-sdk/client-s3";
import { retry, type RetryOptions } from "./retry.ts";
import { absent, abort, bare, marked, ownWrite, type Request } from "./s3-request.ts";
import type { ObjectInfo, PutOptions } from "./store.ts";

/*
 * An upload in parts: one part is held in memory at a time. Nobody sees the object before all of it is there; where
 * anything fails, the stream included, the upload is ended and its parts are deleted.
 */

/** Bytes of a part. S3 takes at least 5 MiB (but for the last) and at most 10,000 parts. */
export const partBytes = 8 * 1024 * 1024;

/** Parts double in size after each this many, so that 10,000 of them hold what S3 takes as one object; up to 16 GB all are 8 MiB. */
const partsPerSize = 2_000;

/**
 * Gathers chunks into parts. All but the last are full; an empty stream gives one empty part. A part's memory is used again for
 * the next: it is valid until the next is asked for.
 */
export async function* toParts(
  chunks: AsyncIterable<Uint8Array>,
  firstSize: number,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly last: boolean }> {
  let buffer = new Uint8Array(firstSize);
  let filled = 0;
  let number = 1;
  for await (const chunk of chunks) {
    let taken = 0;
    while (taken < chunk.length) {
      // Full, and more has come: so it is not the last.
      if (filled === buffer.length) {
        yield { bytes: buffer, last: false };
        const size = firstSize * 2 ** Math.floor(number++ / partsPerSize);
        if (size !== buffer.length) buffer = new Uint8Array(size);
        filled = 0;
      }
      const count = Math.min(buffer.length - filled, chunk.length - taken);
      buffer.set(chunk.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
    }
  }
  yield { bytes: buffer.subarray(0, filled), last: true };
}

/** Uploads `first`, then the rest of `parts`. Each request is retried by itself. */
export async function upload(
  request: Request,
  url: string,
  first: Uint8Array,
  parts: AsyncIterable<{ readonly bytes: Uint8Array }>,
  { ifAbsent, signal, nonce = crypto.randomUUID() }: PutOptions,
  retries: RetryOptions | undefined,
): Promise<ObjectInfo> {
  const write: <T>(call: Parameters<typeof request<T>>[3]) => Promise<T> = (call) =>
    retry(() => request(url, "write", signal, call), retries, signal);

  const { UploadId } = await write(({ sdk, client, at }) =>
    client.send(new sdk.CreateMultipartUploadCommand({ ...at, ...marked(nonce) }), abort(signal)),
  );
  const done: CompletedPart[] = [];
  let size = 0;
  const sendPart = async (Body: Uint8Array): Promise<void> => {
    const PartNumber = done.length + 1;
    const { ETag } = await write(({ sdk, client, at }) =>
      client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body }), abort(signal)),
    );
    done.push({ PartNumber, ETag });
    size += Body.length;
  };

  try {
    await sendPart(first);
    for await (const { bytes } of parts) await sendPart(bytes);
    const { ETag } = await write((target) => {
      const { sdk, client, at } = target;
      const input = { ...at, UploadId, MultipartUpload: { Parts: done }, ...absent(ifAbsent) };
      return client
        .send(new sdk.CompleteMultipartUploadCommand(input), abort(signal))
        .catch((error: unknown) => ownWrite(target, nonce, error));
    });
    return { url, size, etag: bare(ETag) };
  } catch (error) {
    // Also when cancelled, so without the signal. Should this fail too, the bucket's lifecycle rule is left to clean up.
    await request(url, "delete", undefined, ({ sdk, client, at }) =>
      client.send(new sdk.AbortMultipartUploadCommand({ ...at, UploadId })),
    ).catch(() => undefined);
    throw error;
  }
}

import { AbanicoError, StoreFaultError, UnreadableError } from "../../errors.ts";
import { objectUrl } from "./keys.ts";
import { checksumOf } from "./outputs.ts";
import type { PartOf } from "./protocol.ts";
import { putOnce, type Bucket } from "./run-objects.ts";

/** Where the bytes of a partial lie in S3, and what they are. */
export interface Stored {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly checksum: string;
}

/**
 * A partial while it waits for its sibling. It is at hand as bytes, or decoded since it was merged, and may lie in S3 as well: then it can be let go of.
 * At least one of the three is there.
 */
export interface Held {
  bytes?: Uint8Array | undefined;
  decoded?: { readonly value: unknown } | undefined;
  stored?: Stored | undefined;
  /** Of its encoding, in bytes; where not exact, an upper bound. */
  size: number;
  exact: boolean;
}

/** The bytes that a message has, or names, are not the ones that its sender had: they may never be used. */
export class BrokenPart extends UnreadableError {
  /** The same, with the task that it is of. */
  of(stage: string, task: number): UnreadableError {
    const message = `Stage "${stage}", task ${task}: ${this.message.split("\n  fix:")[0]}`;
    const fix = this.fix === undefined ? {} : { fix: this.fix };
    return new UnreadableError(message, { fields: { ...this.fields, stage, task }, ...fix, cause: this.cause });
  }
}

/** The bytes of a part, checked. @throws BrokenPart, StoreFaultError */
export async function bytesOf(part: PartOf, bucket: Bucket): Promise<Held> {
  const { size, checksum, body, key } = part;
  if (body !== undefined) {
    // Memory of its own, which starts where numbers may start.
    const bytes = Buffer.allocUnsafeSlow(size);
    const written = bytes.write(body, "base64");
    const found = written === size && Buffer.byteLength(body, "base64") === size ? checksumOf(bytes) : undefined;
    if (found !== checksum) throw broken(part, "its message", found);
    return { bytes, size, exact: true };
  }
  if (key === undefined) throw broken(part, "its message", undefined);
  const stored = { key, size, checksum };
  return { bytes: await fetchStored(stored, bucket), stored, size, exact: true };
}

/** @throws BrokenPart where what lies there is another, or nothing. */
export async function fetchStored(stored: Stored, bucket: Bucket): Promise<Uint8Array> {
  const url = objectUrl(bucket, stored.key);
  let bytes: Uint8Array;
  try {
    bytes = await bucket.store.get(url);
  } catch (error) {
    if (error instanceof StoreFaultError || !(error instanceof AbanicoError)) throw error;
    throw broken(stored, url, undefined, error);
  }
  const found = checksumOf(bytes);
  if (found !== stored.checksum || bytes.byteLength !== stored.size) throw broken(stored, url, found);
  return bytes;
}

/** Puts a partial into S3 under the name of its bytes, so that it can be let go of. */
export async function store(bytes: Uint8Array, prefix: string, bucket: Bucket): Promise<Stored> {
  const checksum = checksumOf(bytes);
  const key = `${prefix}spill/${checksum}`;
  await putOnce(bucket, key, bytes);
  return { key, size: bytes.byteLength, checksum };
}

function broken(
  { size, checksum, key }: { readonly size: number; readonly checksum: string; readonly key?: string },
  where: string,
  found: string | undefined,
  cause?: unknown,
): BrokenPart {
  return new BrokenPart(
    `A partial in ${where} is not what was sent: expected ${size} bytes with SHA-256 ${checksum}, found ${found ?? "others"}.`,
    {
      fields: { expected: checksum, size, found: found ?? null, ...(key === undefined ? {} : { key }) },
      fix: "leave the objects below runs/ to the stack; run again.",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

import type * as S3 from "@aws-sdk/client-s3";
import { throwIfAborted } from "./abort.ts";
import { makeS3Client, type S3Options } from "./s3-client.ts";
import { s3Error } from "./s3-errors.ts";
import { splitObjectUrl } from "./urls.ts";

/** The part of the SDK's client that is used: what a fake has to have. */
export type Client = Pick<S3.S3Client, "send">;

type Sdk = typeof S3;

export interface Connection {
  readonly sdk: Sdk;
  readonly client: Client;
}

/** A connection, and the object a request is about. */
export interface Target extends Connection {
  readonly at: { readonly Bucket: string; readonly Key: string };
}

/** Runs one request about `url`; what it throws becomes a tagged error. `doing`: "read", "write", "delete". */
export type Request = <T>(
  url: string,
  doing: string,
  signal: AbortSignal | undefined,
  call: (target: Target) => Promise<T>,
) => Promise<T>;

/** The SDK is loaded, and the client made, with the first request. */
export function requester(options: S3Options & { readonly client?: Client }): Request {
  let connecting: Promise<Connection> | undefined;
  return async (url, doing, signal, call) => {
    throwIfAborted(signal);
    const { name, key } = splitObjectUrl(url);
    try {
      connecting ??= connect(options);
      const connection = await connecting;
      return await call({ ...connection, at: { Bucket: name, Key: key } });
    } catch (error) {
      throw s3Error(error, url, doing, signal);
    }
  };
}

async function connect(options: S3Options & { readonly client?: Client }): Promise<Connection> {
  const sdk = await import("@aws-sdk/client-s3");
  return { sdk, client: options.client ?? (await makeS3Client(options)) };
}

/** Where a write's nonce is kept: in the object's metadata. */
const nonceKey = "abanico-nonce";

export function marked(nonce: string | undefined): { Metadata?: Record<string, string> } {
  return nonce === undefined ? {} : { Metadata: { [nonceKey]: nonce } };
}

/**
 * After a conditional write failed: the object's etag where an earlier attempt of this same write (`nonce`) had put it there and
 * only its answer was lost; otherwise throws `error` again.
 */
export async function ownWrite(
  { sdk, client, at }: Target,
  nonce: string | undefined,
  error: unknown,
): Promise<{ ETag?: string | undefined }> {
  const names = ["PreconditionFailed", "NoSuchUpload"];
  if (nonce === undefined || !(error instanceof Error) || !names.includes(error.name)) throw error;
  const found = await client.send(new sdk.HeadObjectCommand(at)).catch(() => undefined);
  if (found?.Metadata?.[nonceKey] !== nonce) throw error;
  return found;
}

export function match(etag: string | undefined): { IfMatch?: string } {
  return etag === undefined ? {} : { IfMatch: `"${etag}"` };
}

export function absent(ifAbsent: boolean | undefined): { IfNoneMatch?: string } {
  return ifAbsent === true ? { IfNoneMatch: "*" } : {};
}

export function abort(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** S3 quotes etags; ours are bare. */
export function bare(etag: string | undefined): string {
  return etag?.replace(/^"|"$/g, "") ?? "";
}

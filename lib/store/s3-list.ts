import type { ListObjectsV2CommandInput, ListObjectsV2Output } from "@aws-sdk/client-s3";
import { folderGate } from "./folder-gate.ts";
import { abort, bare, type Request } from "./s3-request.ts";
import type { ListOptions, ObjectInfo } from "./store.ts";
import { splitUrl } from "./urls.ts";

/** Comes after every key of a folder that a person would make: where to go on, when the rest of a folder is left out. */
const last = "\u{10FFFF}";

/** Lists page by page. A refused folder costs at most one page: the next starts behind it. */
export async function* listObjects(
  request: Request,
  prefix: string,
  { into, after, signal }: ListOptions,
  pageSize = 1_000,
): AsyncGenerator<ObjectInfo> {
  const { name, key: prefixKey } = splitUrl(prefix);
  const root = `s3://${name}/`;
  const gate = folderGate(root + prefixKey, into);
  let from: From = after === undefined ? {} : { StartAfter: splitUrl(after).key };
  for (;;) {
    const page = await onePage(request, root, { Prefix: prefixKey, MaxKeys: pageSize, ...from }, signal);
    let refused: string | undefined;
    for (const { Key: key, Size: size, ETag: etag } of page.Contents ?? []) {
      if (key === undefined) continue;
      refused = gate(root + key);
      if (refused === undefined) yield { url: root + key, size: size ?? 0, etag: bare(etag) };
    }
    if (page.IsTruncated !== true) return;
    from =
      refused === undefined
        ? { ContinuationToken: page.NextContinuationToken }
        : { StartAfter: refused.slice(root.length) + last };
  }
}

/** Where a page starts. */
type From = { readonly StartAfter?: string } | { readonly ContinuationToken: string | undefined };

function onePage(
  request: Request,
  root: string,
  input: Omit<ListObjectsV2CommandInput, "Bucket"> & { readonly Prefix: string },
  signal: AbortSignal | undefined,
): Promise<ListObjectsV2Output> {
  // Requests are about objects: an empty prefix stands for the bucket.
  return request(`${root}${input.Prefix || "*"}`, "list", signal, ({ sdk, client, at }) =>
    client.send(new sdk.ListObjectsV2Command({ Bucket: at.Bucket, ...input }), abort(signal)),
  );
}

import type { ListObjectsV2Output } from "@aws-sdk/client-s3";
import { folderGate } from "./folder-gate.ts";
import { abort, bare, type Request } from "./s3-request.ts";
import type { ListOptions, ObjectInfo } from "./store.ts";
import { compareCodePoints, splitUrl } from "./urls.ts";

/** Comes after every key of a folder that a person would make: where to go on, when the rest of a folder is left out. */
const last = "\u{10FFFF}";

/**
 * Lists page by page, each page starting after the last key of the one before. A refused folder costs at most one page: the
 * next starts behind it.
 */
export async function* listObjects(
  request: Request,
  prefix: string,
  { into, after, signal }: ListOptions,
  pageSize = 1_000,
): AsyncGenerator<ObjectInfo> {
  const { name, key: prefixKey } = splitUrl(prefix);
  const root = `s3://${name}/`;
  const gate = folderGate(root + prefixKey, into);
  let start = after === undefined ? "" : splitUrl(after).key;
  for (;;) {
    const page = await onePage(request, root, prefixKey, start, pageSize, signal);
    let refused: string | undefined;
    for (const { Key: key, Size: size, ETag: etag } of page.Contents ?? []) {
      // A start that sorts before the prefix is no promise to every S3-compatible service.
      if (key === undefined || compareCodePoints(key, start) <= 0) continue;
      start = key;
      refused = gate(root + key);
      if (refused === undefined) yield { url: root + key, size: size ?? 0, etag: bare(etag) };
    }
    if (page.IsTruncated !== true) return;
    if (refused !== undefined) start = refused.slice(root.length) + last;
  }
}

function onePage(
  request: Request,
  root: string,
  prefix: string,
  start: string,
  pageSize: number,
  signal: AbortSignal | undefined,
): Promise<ListObjectsV2Output> {
  const from = start === "" ? {} : { StartAfter: start };
  // Requests are about objects: an empty prefix stands for the bucket.
  return request(`${root}${prefix || "*"}`, "list", signal, ({ sdk, client, at }) =>
    client.send(
      new sdk.ListObjectsV2Command({ Bucket: at.Bucket, Prefix: prefix, MaxKeys: pageSize, ...from }),
      abort(signal),
    ),
  );
}

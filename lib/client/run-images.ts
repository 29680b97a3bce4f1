import type { EncodedImage } from "../collections/images/results.ts";
import type { ImageResult } from "../collections/images/image-result.ts";
import { formatOperation } from "../collections/images/operations.ts";
import type { ImagesNode } from "../collections/images/nodes.ts";
import { ImageError, InternalError, fromErrorRecord, type ErrorRecord } from "../errors.ts";
import type { ImageRecord, Written } from "../kernels/image/params.ts";
import { explainPlan } from "../plan/explain.ts";
import { lowerImages } from "../plan/lower/images.ts";
import type { Store } from "../store/store.ts";
import { toDisplay } from "../store/urls.ts";
import { decodeValue } from "../values.ts";
import { persistImages, releaseImages } from "./keep-images.ts";
import type { Runner, RunnerHost } from "./runner.ts";

/** What comes of images: values, and those that failed. As plain data, so that it can be kept. */
export interface ImagesOutcome {
  readonly values: unknown;
  readonly failed: readonly { readonly source: string; readonly index: number; readonly error: ErrorRecord }[];
}

/** How images are run. */
export const imagesRunner: Runner<ImageResult<unknown>, unknown> = {
  compute: async ({ node }, host, signal) => {
    const { values, failed } = await outcomeOf(node, host, signal);
    if (node.options.onError !== "collect") return values;
    return { values, failed: failed.map(({ error, ...place }) => ({ ...place, error: fromErrorRecord(error) })) };
  },
  persist: (collection, host, signal) => persistImages(collection, host, signal, outcomeOf),
  explain: async ({ node }, { store, runtime }) => {
    if (node.result.kind === "value") return "result      one kept value";
    const plan = await lowerImages(node, { store });
    return explainPlan(plan, describe(node), runtime.explainCost?.(plan));
  },
  release: async ({ node }, { runtime }) => releaseImages(node, runtime),
};

async function outcomeOf(node: ImagesNode, host: RunnerHost, signal: AbortSignal): Promise<ImagesOutcome> {
  const { runtime, store, onEvent } = host;
  if (node.result.kind === "value") return decodeValue(await runtime.fetch(node.result.ref)) as ImagesOutcome; // what was kept
  runtime.prepare(["images.run"]);
  const plan = await lowerImages(node, { store, signal });
  const { partial } = await runtime.run(plan, { signal, onEvent });
  if (!Array.isArray(partial)) throw new InternalError("A run of images gave no list.");
  const records = partial as readonly ImageRecord[]; // the fold of these plans keeps records
  const values = await valuesOf(
    node,
    records.filter(({ error }) => error === undefined),
    store,
  );
  const failed = records.flatMap(({ url, index, error }) =>
    error === undefined ? [] : [{ source: toDisplay(url), index, error }],
  );
  return { values, failed };
}

async function valuesOf({ result }: ImagesNode, records: readonly ImageRecord[], store: Store): Promise<unknown> {
  switch (result.kind) {
    case "write":
      return deliver(records, store);
    case "sheet":
      return sheetOf(records, result.to, store);
    case "encode":
      return records.map((record) => ({ ...originOf(record), ...(record.value as Omit<EncodedImage, "source">) })); // what "bytes" leaves
    default:
      return records.map((record) => ({ ...originOf(record), ...(record.value as object) })); // figures
  }
}

function originOf({ url, index, page }: ImageRecord) {
  return { source: toDisplay(url), index, page };
}

/** Puts what only this side can put, and gives the names. */
async function deliver(records: readonly ImageRecord[], store: Store): Promise<string[]> {
  const written = records.map(({ value }) => value as Written); // what "store" leaves
  const seen = new Map<string, number>();
  for (const [i, { url }] of written.entries()) {
    const other = seen.get(url);
    seen.set(url, i);
    if (other === undefined) continue;
    const [a, b] = [records[other], records[i]].map(({ url: source }) => toDisplay(source));
    throw new ImageError(`${a} and ${b} were both written to ${toDisplay(url)}.`, {
      fields: { url, sources: [records[other].url, records[i].url] },
      fix: "put {name} or {index} into the name.",
    });
  }
  for (const { url, bytes } of written) if (bytes !== undefined) await store.put(url, bytes);
  return written.map(({ url }) => toDisplay(url));
}

async function sheetOf(records: readonly ImageRecord[], to: string | undefined, store: Store): Promise<unknown> {
  const [record] = records;
  if (record === undefined) throw new InternalError("A contact sheet came to nothing.");
  if (to === undefined) return record.value;
  const { bytes } = record.value as { readonly bytes?: Uint8Array }; // there where only this side can put it
  if (bytes !== undefined) await store.put(record.url, bytes);
  return toDisplay(record.url);
}

function describe({ operations, result }: ImagesNode): string {
  const made = { encode: "encoded images", write: "names of written files", sheet: "a contact sheet" };
  const what = result.kind in made ? made[result.kind as keyof typeof made] : result.kind; // just checked
  return operations.length === 0 ? what : `${what} after ${operations.map(formatOperation).join(", ")}`;
}

/**
 * From a description of images to a plan: one fan over batches of files, in which everything done to an image is one task, and a fold
 * that keeps what came of them in order. A contact sheet has a second stage of one task, which reads the cells that the first made.
 */
import { partsOf, targetUrl } from "../../collections/images/names.ts";
import { formatOfExtension } from "../../collections/images/encodings.ts";
import type { Encoding, ImageOperation, ImagesNode, KeptImages, SheetOptions } from "../../collections/images/nodes.ts";
import { IMAGE_DEFAULTS } from "../../collections/images/options.ts";
import { parseTemplate, uses } from "../../collections/images/template.ts";
import { parseBytes } from "../../collections/options.ts";
import { InternalError, OptionError, type Json, type JsonObject } from "../../errors.ts";
import type { ImageBatch, ImageParams, ImageSink, SheetParams } from "../../kernels/image/params.ts";
import { expandSources } from "../../store/glob.ts";
import type { Store } from "../../store/store.ts";
import { toDisplay, toUrl } from "../../store/urls.ts";
import { estimateImages, estimateSheet } from "../estimate-images.ts";
import { PLAN_VERSION, type Plan, type Source, type Stage } from "../plan.ts";

/** A batch has no more than this many bytes of files, unless one file alone has more. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_IMAGES = 64;
/** Tasks that there should be at least, so that all workers have some and end together. */
const TASKS = 64;

export interface LowerImagesOptions {
  readonly store: Store;
  readonly signal?: AbortSignal;
  /** Relative names are below this folder. Default: the current one. */
  readonly cwd?: string;
  /** Keep the images with the workers, or their pixels (an image a task), instead of making the result of them. Default false. */
  readonly keep?: boolean | "pixels";
}

/** The files that images come from, also where they are kept by now. */
export async function sourcesOf(
  { paths, kept }: ImagesNode,
  { store, signal, cwd = process.cwd() }: LowerImagesOptions,
): Promise<readonly Source[]> {
  if (kept !== undefined) return kept.sources;
  return (await expandSources(store, paths, cwd, signal)).map(({ url, size, etag }) => ({ url, size, etag }));
}

export async function lowerImages(node: ImagesNode, options: LowerImagesOptions): Promise<Plan> {
  const { cwd = process.cwd(), keep = false } = options;
  const sources = await sourcesOf(node, options);
  const operations = node.operations.map((operation) => resolved(operation, cwd));
  const params = { ...paramsOf(node, operations, cwd), ...(keep === false ? {} : { sink: keptAs(keep) }) };
  const write = params.sink.to === "store" ? refuseSameNames(node, params.sink, sources) : params.sink;
  const { kept } = node;
  const batches =
    kept === undefined ? batchesOf(sources, keep === "pixels" ? 1 : node.options.batchSize) : batchesOfKept(kept);
  const sheet = node.result.kind === "sheet" && keep === false ? sheetParams(node, node.result, cwd) : undefined;
  const first: Stage = {
    id: "images",
    work: { op: "images.run", params: { ...params, sink: write } as unknown as JsonObject }, // plain JSON by its type
    tasks:
      kept === undefined
        ? { kind: "items", items: batches as unknown as Json[] } // as above
        : { kind: "refs", refs: kept.refs },
    output: keep !== false ? { kind: "keep" } : sheet === undefined ? RECORDS : { kind: "exchange", partitions: 1 },
    estimate: estimateImages(params, batches),
  };
  const stages = sheet === undefined ? [first] : [first, sheetStage(sheet, sources.length, batches.length)];
  const largest = batches.reduce((most, batch) => Math.max(most, batch.sources.length), 0);
  const notes = [
    `fused into one task a batch: reading${kept === undefined ? "" : " what was kept"}, ${operations.length} ${operations.length === 1 ? "operation" : "operations"}, ${ENDS[write.to]}; one image at a time`,
    `${sources.length} ${sources.length === 1 ? "image" : "images"} in ${batches.length} ${batches.length === 1 ? "batch" : "batches"} of at most ${largest}`,
  ];
  return { abanico: PLAN_VERSION, stages, notes };
}

function keptAs(keep: true | "pixels"): ImageSink {
  return { to: keep === true ? "kept" : keep };
}

const RECORDS: Stage["output"] = { kind: "fold", fold: { op: "images.records", params: {} } };

const ENDS: Readonly<Record<ImageSink["to"], string>> = {
  bytes: "encoding",
  store: "encoding, writing",
  metadata: "reading what the header says",
  statistics: "figures of the pixels",
  histogram: "counting the pixels",
  cell: "making a thumbnail",
  kept: "keeping it as PNG, without loss",
  pixels: "keeping its pixels",
};

/** Other images are named by URL, so that any worker finds them. */
function resolved(operation: ImageOperation, cwd: string): ImageOperation {
  return operation.do === "composite" ? { ...operation, image: toUrl(operation.image, cwd) } : operation;
}

function paramsOf(
  { options, encoding, result }: ImagesNode,
  operations: readonly ImageOperation[],
  cwd: string,
): ImageParams {
  const luma = operations.some((operation) => operation.do === "grayscale" && operation.method === "rgb2gray");
  const { onError, maxPixels, maxBytes, orient, icc, pages, metadata } = {
    ...IMAGE_DEFAULTS,
    icc: luma ? "ignore" : "convert",
    ...options,
  };
  return {
    reading: {
      maxPixels,
      maxBytes: parseBytes(maxBytes, "readImages option maxBytes"),
      orient,
      ignoreIcc: icc === "ignore",
      allPages: pages === "all",
      keepMetadata: metadata === "keep",
    },
    operations,
    sink: sinkOf(result, encoding, cwd),
    onError,
  };
}

const CELL = { width: 160, height: 160, gap: 8, background: "white" };

/** How large a cell of a contact sheet is, in pixels. */
export function sheetCell({ width = CELL.width, height = CELL.height }: SheetOptions) {
  return { width, height };
}

function sinkOf(result: ImagesNode["result"], encoding: Encoding | undefined, cwd: string): ImageSink {
  switch (result.kind) {
    case "encode":
      return { to: "bytes", ...(encoding === undefined ? {} : { encoding }) };
    case "write": {
      const asked = result.encoding ?? encoding;
      const { template, overwrite } = result;
      return {
        to: "store",
        template,
        base: cwd,
        onlyNew: !overwrite,
        ...(asked === undefined ? {} : { encoding: asked }),
      };
    }
    case "sheet": {
      const { width, height, background } = { ...CELL, ...result.sheet };
      return { to: "cell", width, height, background };
    }
    case "value":
      throw new InternalError("A kept value needs no plan.");
    default:
      return { to: result.kind };
  }
}

/**
 * Names are made before anything runs where they are known by then, and two that are the same are refused; so is one that is a source.
 * Where a name has the image's size in it, and nothing else tells two sources apart, files are only written where there are none.
 */
function refuseSameNames(
  node: ImagesNode,
  sink: Extract<ImageSink, { to: "store" }>,
  sources: readonly Source[],
): ImageSink {
  const template = parseTemplate(sink.template);
  const names = new Map<string, Source>();
  const own = new Set(sources.map(({ url }) => url));
  const sized = uses(template, "width", "height");
  for (const [index, source] of sources.entries()) {
    const facts = { index, page: 0, width: 0, height: 0 };
    const url = targetUrl(template, source.url, facts, sink.encoding?.format, sink.base);
    const other = names.get(url);
    names.set(url, source);
    if (other !== undefined && sized) return { ...sink, onlyNew: true };
    if (other !== undefined) throw sameName(sink.template, url, other, source);
    if (own.has(url) && !sized)
      throw new OptionError(
        `${toDisplay(source.url)} would be written to ${toDisplay(url)}, which is one of the sources.`,
        {
          fields: { template: sink.template, url, source: source.url },
          fix: 'give the results names of their own, as "{dir}/{name}_new.{ext}".',
        },
      );
    refuseFormat(node, sink, source, url);
  }
  return sink;
}

function sameName(template: string, url: string, a: Source, b: Source): OptionError {
  return new OptionError(`${toDisplay(a.url)} and ${toDisplay(b.url)} would both be written to ${toDisplay(url)}.`, {
    fields: { template, url, sources: [a.url, b.url] },
    fix:
      partsOf(a.url).name === partsOf(b.url).name
        ? "put {dir}, {ext} or {index} into the name."
        : "put {name} or {index} into the name.",
  });
}

/** A source's own extension becomes the format's name where nothing else says it. */
function refuseFormat(
  node: ImagesNode,
  { template, encoding }: { readonly template: string; readonly encoding?: Encoding },
  source: Source,
  url: string,
): void {
  const { ext } = partsOf(url);
  if (encoding !== undefined || ext === "" || formatOfExtension(ext) !== undefined) return;
  throw new OptionError(
    `${toDisplay(source.url)} would be written to ${toDisplay(url)}, and ".${ext}" names no format that can be written.`,
    {
      fields: { template, url, paths: node.paths },
      fix: 'say which: .convert("png").',
    },
  );
}

function batchesOf(sources: readonly Source[], batchSize: number | undefined): ImageBatch[] {
  const most = batchSize ?? Math.min(BATCH_IMAGES, Math.max(1, Math.floor(sources.length / TASKS)));
  const mostBytes = batchSize === undefined ? BATCH_BYTES : Infinity;
  const batches: { first: number; sources: Source[] }[] = [];
  let bytes = 0;
  for (const [index, source] of sources.entries()) {
    const last = batches.at(-1);
    bytes += source.size;
    if (last === undefined || last.sources.length >= most || bytes > mostBytes) {
      batches.push({ first: index, sources: [source] });
      bytes = source.size;
    } else last.sources.push(source);
  }
  return batches;
}

/** For estimates only: how the files of kept images spread over the tasks that made them is not known any more. */
function batchesOfKept({ refs, images, bytes }: KeptImages): ImageBatch[] {
  const each = Math.ceil(images / Math.max(1, refs.length));
  const size = Math.ceil(bytes / Math.max(1, images));
  const sources = Array.from({ length: each }, () => ({ url: "", size, etag: "" }));
  return refs.map((_, i) => ({ first: i * each, sources }));
}

function sheetParams(
  { options, encoding }: ImagesNode,
  { sheet, to }: Extract<ImagesNode["result"], { kind: "sheet" }>,
  cwd: string,
): SheetParams {
  return {
    ...CELL,
    ...sheet,
    encoding: encoding ?? { format: "png", options: {} },
    maxPixels: options.maxPixels ?? IMAGE_DEFAULTS.maxPixels,
    ...(to === undefined ? {} : { to: toUrl(to, cwd) }),
  };
}

function sheetStage(params: SheetParams, images: number, producers: number): Stage {
  return {
    id: "sheet",
    work: { op: "images.sheet", params: params as unknown as JsonObject }, // plain JSON by its type
    tasks: { kind: "sections", stage: "images", producers, partitions: 1 },
    output: RECORDS,
    estimate: estimateSheet(params, images),
  };
}

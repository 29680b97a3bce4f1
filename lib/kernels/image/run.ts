import { formatOfExtension, extensionOf } from "../../collections/images/encodings.ts";
import { partsOf, targetUrl } from "../../collections/images/names.ts";
import type { Encoding, ImageFormat } from "../../collections/images/nodes.ts";
import { parseTemplate, uses } from "../../collections/images/template.ts";
import { ConflictError, ImageError, toErrorRecord } from "../../errors.ts";
import type { Source, TaskInput } from "../../plan/plan.ts";
import { schemeOf, toDisplay } from "../../store/urls.ts";
import { decodeValue, encodeValue } from "../../values.ts";
import type { Kernel, TaskContext } from "../kernel.ts";
import { encode, losslessly } from "./encode.ts";
import { Unwritable, isOfImage, named } from "./failures.ts";
import { histogramsOf, metadataOf, statisticsOf } from "./measure.ts";
import { inputOf, openImage, openKept, refuseBomb, refuseDepth, type OpenImage } from "./open.ts";
import type { ImageBatch, ImageParams, ImageRecord, ImageSink, Written } from "./params.ts";
import type { Pixels } from "./png.ts";
import { refuseGrowth, sizeAfter, type Size } from "./size.ts";
import { stackPixels } from "./stack.ts";
import { apply, fromFile, opaque, pixelsOf, settle, type Stage } from "./stage.ts";

/** Reads, processes and writes the images of a batch, one at a time: no more than one is unpacked. */
export const run: Kernel = async (params, input, context) => {
  const work = params as unknown as ImageParams; // as the planner wrote them; validate-images.ts checks others
  const overlays = await overlaysOf(work, context);
  const records: ImageRecord[] = [];
  let recordsIn = 0;
  for (const given of await givenTo(input, context)) {
    context.signal.throwIfAborted();
    recordsIn++;
    for await (const record of recordsOf(given, work, overlays, context)) records.push(record);
  }
  return { value: valueFor(work.sink, records), recordsIn, recordsOut: records.length };
};

/** What a task begins with: a file, or what an earlier run kept of an image. */
type Given = { readonly index: number } & ({ readonly source: Source } | { readonly record: ImageRecord });

async function givenTo(input: TaskInput, { fetch }: TaskContext): Promise<Given[]> {
  if (input.kind === "refs") {
    const kept = await Promise.all(input.refs.map(async (ref) => decodeValue(await fetch(ref)) as ImageRecord[])); // see below
    return kept.flat().map((record) => ({ index: record.index, record }));
  }
  if (input.kind !== "item") throw new TypeError(`"images.run" expects items or refs, found ${input.kind}`);
  const { first, sources } = input.item as unknown as ImageBatch; // as the planner wrote it
  return sources.map((source, i) => ({ index: first + i, source }));
}

function valueFor({ to }: ImageSink, records: ImageRecord[]): unknown {
  if (to === "cell") return [encodeValue(records)];
  if (to === "pixels") return stackPixels(records);
  return to === "kept" ? encodeValue(records) : records;
}

/** Images that are laid over others: once a task. That one cannot be read is no fault of the image below. */
async function overlaysOf(
  { operations }: ImageParams,
  { store, signal }: TaskContext,
): Promise<Map<string, Uint8Array>> {
  const overlays = new Map<string, Uint8Array>();
  for (const operation of operations)
    if (operation.do === "composite" && !overlays.has(operation.image))
      overlays.set(operation.image, await store.get(operation.image, { signal }));
  return overlays;
}

/** One record a page, or one that tells what failed. */
async function* recordsOf(
  given: Given,
  work: ImageParams,
  overlays: ReadonlyMap<string, Uint8Array>,
  context: TaskContext,
): AsyncGenerator<ImageRecord> {
  if ("record" in given && given.record.error !== undefined) {
    yield given.record;
    return;
  }
  const { index } = given;
  const { url } = "record" in given ? given.record : given.source;
  const only = "record" in given ? given.record.page : undefined;
  let page = only ?? 0;
  try {
    const image = await ("record" in given ? openKept(given.record) : openImage(given.source, work.reading, context));
    const pages = work.reading.allPages && work.sink.to !== "metadata" ? (image.header.pages ?? 1) : 1;
    refuseUnnamedPages(image, pages, work.sink);
    for (const end = only === undefined ? pages : only + 1; page < end; page++) {
      const value = await valueOf(image, { index, page }, work, overlays, context);
      yield { url, index, page, value };
    }
  } catch (error) {
    if (error instanceof Unwritable) throw error.cause;
    if (work.onError === "fail" || !isOfImage(error, context)) throw error;
    if (work.onError === "collect") yield { url, index, page, error: toErrorRecord(error) };
  }
}

interface Place {
  readonly index: number;
  readonly page: number;
}

async function valueOf(
  image: OpenImage,
  place: Place,
  { reading, operations, sink }: ImageParams,
  overlays: ReadonlyMap<string, Uint8Array>,
  context: TaskContext,
): Promise<unknown> {
  if (sink.to === "metadata") return metadataOf(image);
  refuseDepth(image);
  refuseBomb(image, reading);
  const { source } = image;
  let stage = beginning(image, place.page, reading);
  try {
    // sharp's order of turning upright and all else depends on what follows.
    if ((image.header.orientation ?? 1) > 1 && reading.orient && operations.length > 0) stage = await settle(stage);
    for (const operation of operations) {
      refuseGrowth(operation, sizeAfter(operation, stage.size), reading.maxPixels, toDisplay(source.url));
      stage = await apply(stage, operation, overlays);
    }
    if (sink.to === "cell") return await cellOf(stage, sink);
    if (sink.to === "pixels") return await pixelsOf(stage);
    if (sink.to === "kept")
      return { bytes: await losslessly(stage), format: image.header.format, pages: image.header.pages ?? 1 };
    if (sink.to === "statistics" || sink.to === "histogram") return await figuresOf(stage, sink.to);
  } catch (error) {
    throw named(error, "processed", source, { ...place });
  }
  return sink.to === "store"
    ? writtenOf(image, stage, place, sink, context)
    : encodedOf(image, stage, place, sink.to === "bytes" ? sink.encoding : undefined);
}

function beginning(image: OpenImage, page: number, reading: ImageParams["reading"]): Stage {
  const { header } = image;
  const [width, height] = [header.width, header.pageHeight ?? header.height];
  const turned = reading.orient && (header.orientation ?? 1) >= 5;
  const size: Size = turned ? { width: height, height: width } : { width, height };
  const gray = header.channels === 1 && (header.space === "b-w" || header.space === "grey16");
  return fromFile(inputOf(image, page, reading), { gray, alpha: header.hasAlpha, size, keep: reading.keepMetadata });
}

async function figuresOf(stage: Stage, to: "statistics" | "histogram") {
  const pixels = await pixelsOf(stage);
  const histograms = histogramsOf(pixels);
  return {
    width: pixels.width,
    height: pixels.height,
    channels: to === "histogram" ? histograms : histograms.map(statisticsOf),
  };
}

async function cellOf(
  stage: Stage,
  { width, height, background }: Extract<ImageSink, { to: "cell" }>,
): Promise<Pixels> {
  const small = await apply(stage, { do: "thumbnail", width, height }, new Map());
  const pixels = await pixelsOf(background === "transparent" ? small : await opaque(small, background));
  return { ...pixels, data: new Uint8Array(pixels.data) };
}

/** What is written where nothing says so: what the source is. */
function encodingFor({ header }: OpenImage, asked: Encoding | undefined, url?: string): Encoding {
  if (asked !== undefined) return asked;
  const own: ImageFormat = header.format === "heif" ? "avif" : (formatOfExtension(header.format) ?? "png");
  const asNamed = url === undefined ? undefined : formatOfExtension(partsOf(url).ext);
  return { format: asNamed ?? own, options: {} };
}

async function encodedOf(image: OpenImage, stage: Stage, place: Place, encoding: Encoding | undefined) {
  const { source } = image;
  try {
    const encoded = await encode(stage, encodingFor(image, encoding));
    return { ...encoded, name: `${partsOf(source.url).name}.${extensionOf(encoded.format)}` };
  } catch (error) {
    throw named(error, "processed", source, { ...place });
  }
}

async function writtenOf(
  image: OpenImage,
  stage: Stage,
  place: Place,
  sink: Extract<ImageSink, { to: "store" }>,
  { store, signal }: TaskContext,
): Promise<Written> {
  const { source } = image;
  const template = parseTemplate(sink.template);
  const urlFor = (size: Size) =>
    targetUrl(template, source.url, { ...place, ...size }, sink.encoding?.format, sink.base);
  const encoded = await encode(stage, encodingFor(image, sink.encoding, urlFor({ width: 0, height: 0 }))).catch(
    (error: unknown) => {
      throw named(error, "processed", source, { ...place });
    },
  );
  const url = urlFor(encoded);
  if (url === source.url)
    throw new ImageError(`${toDisplay(url)} would be written over itself.`, {
      fields: { url, template: sink.template },
      fix: 'give it another name, as "{dir}/{name}_new.{ext}".',
    });
  const { bytes } = encoded;
  // What a thread puts into its memory store, nobody else sees.
  if (schemeOf(url) === "memory") return { url, bytes };
  try {
    await store.put(url, bytes, { signal, ...(sink.onlyNew ? { ifAbsent: true } : {}) });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw new Unwritable(error);
    // An earlier attempt at this task may have written it.
    if (Buffer.compare(await store.get(url, { signal }), bytes) !== 0) throw error;
  }
  return { url };
}

/** Pages that would all have one name. */
function refuseUnnamedPages({ source, header }: OpenImage, pages: number, sink: ImageSink): void {
  if (pages === 1 || sink.to !== "store" || uses(parseTemplate(sink.template), "page")) return;
  throw new ImageError(
    `${toDisplay(source.url)} has ${header.pages} pages, and the name ${sink.template} is the same for all.`,
    {
      fields: { url: source.url, pages: header.pages ?? 1, template: sink.template },
      fix: "put {page} into the name.",
    },
  );
}

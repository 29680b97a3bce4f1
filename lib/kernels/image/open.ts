import type { Metadata, SharpInput, SharpOptions } from "sharp";
import { IMAGE_FORMATS } from "../../collections/images/nodes.ts";
import { formatBytes } from "../../collections/options.ts";
import { ImageError } from "../../errors.ts";
import type { Source } from "../../plan/plan.ts";
import { toDisplay } from "../../store/urls.ts";
import type { TaskContext } from "../kernel.ts";
import { named } from "./failures.ts";
import type { ImageRecord, KeptImage, Reading } from "./params.ts";
import { sharp } from "./sharp.ts";

/** A file whose header was read. */
export interface OpenImage {
  readonly source: Source;
  readonly bytes: Uint8Array;
  /** Of a kept image: that of its PNG, but with format and pages of the file it came from. */
  readonly header: Metadata;
  /** The bytes hold this one page, whatever the header says. */
  readonly kept?: boolean;
}

/** Formats that are read: those that are written, and AVIF under the name of its container. SVG and PDF are programs rather than pixels. */
const READ: readonly string[] = [...IMAGE_FORMATS, "heif"];

/** Reads the file and its header. @throws ImageError for a file that is too large, or holds no image. */
export async function openImage(source: Source, reading: Reading, context: TaskContext): Promise<OpenImage> {
  const { url, size, etag } = source;
  if (size > reading.maxBytes)
    throw new ImageError(
      `${toDisplay(url)} has ${formatBytes(size)}, and the limit is ${formatBytes(reading.maxBytes)}.`,
      {
        fields: { url, bytes: size, limit: reading.maxBytes, option: "maxBytes" },
        fix: `pass { maxBytes: ${size} } to readImages, if the file is to be trusted.`,
      },
    );
  const bytes = await context.store.get(url, { etag, signal: context.signal });
  return { source, bytes, header: await headerOf(source, bytes) };
}

/** An image that an earlier run kept. */
export async function openKept(record: ImageRecord): Promise<OpenImage> {
  const { bytes, format, pages } = record.value as KeptImage; // what "kept" leaves
  const source: Source = { url: record.url, size: bytes.byteLength, etag: "" };
  return { source, bytes, header: { ...(await headerOf(source, bytes)), format, pages }, kept: true };
}

async function headerOf(source: Source, bytes: Uint8Array): Promise<Metadata> {
  try {
    // The limit comes afterwards, with a message that says how large the image is.
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (READ.includes(header.format)) return header;
    throw new Error(`it is ${header.format}, and what is read is ${IMAGE_FORMATS.join(", ")}`);
  } catch (error) {
    throw named(error, "read as an image", source);
  }
}

/** Of a channel: 8 and 16 bits, which everyone takes for the range from black to white. What other numbers mean, only their maker knows. */
const DEPTHS: readonly string[] = ["uchar", "ushort"];

/** @throws ImageError for numbers that would have to be guessed at: they would come out black, white, or cut off. */
export function refuseDepth({ source, header }: OpenImage): void {
  if (DEPTHS.includes(header.depth)) return;
  throw new ImageError(
    `${toDisplay(source.url)} has pixels of type "${header.depth}"; what is read has 8 or 16 bits a channel, from black to white.`,
    {
      fields: { url: source.url, bytes: source.size, depth: header.depth },
      fix: "scale its values to 0 … 255 or 0 … 65535, and save it with 8 or 16 bits a channel.",
    },
  );
}

/** @throws ImageError for an image that declares more pixels than are allowed. */
export function refuseBomb({ source, header }: OpenImage, { maxPixels }: Reading): void {
  const width = header.width;
  const height = header.pageHeight ?? header.height;
  const pixels = width * height;
  if (pixels <= maxPixels) return;
  throw new ImageError(
    `${toDisplay(source.url)} declares ${width} × ${height} pixels (${pixels}) in ${formatBytes(source.size)}, and the limit is ${maxPixels}.`,
    {
      fields: { url: source.url, bytes: source.size, width, height, pixels, limit: maxPixels, option: "maxPixels" },
      fix: `pass { maxPixels: ${pixels} } to readImages, if the file is to be trusted.`,
    },
  );
}

/** One page of an opened file, as sharp takes it. */
export function inputOf(
  { bytes, kept = false }: OpenImage,
  page: number,
  reading: Reading,
): [SharpInput, SharpOptions] {
  const { maxPixels, orient, ignoreIcc } = reading;
  return [
    bytes,
    {
      limitInputPixels: maxPixels,
      autoOrient: orient,
      ignoreIcc,
      ...(page === 0 || kept ? {} : { page }),
      sequentialRead: true,
    },
  ];
}

import type { ChunkedArray } from "../array/chunked-array.ts";
import type { DType } from "../array/dtype.ts";
import { executor, type ComputeOptions } from "../executor.ts";
import { askedArray, signalIn, type ToArrayOptions } from "../handover.ts";
import { OptionError } from "../../errors.ts";
import { wrong } from "../options.ts";
import { ContactSheet } from "./contact-sheet.ts";
import { checkEncoding, formatOfExtension } from "./encodings.ts";
import { ImageResult } from "./image-result.ts";
import type {
  Colour,
  CompositeOptions,
  EncodingOptions,
  ImageFormat,
  ImageOperation,
  ImageResultNode,
  OnImageError,
  ResizeOptions,
  SheetOptions,
} from "./nodes.ts";
import { checkOperation } from "./operations.ts";
import type { EncodedImage, ImageHistogram, ImageMetadata, ImageStatistics, ResultOf } from "./results.ts";
import { literalExtension, parseTemplate } from "./template.ts";

/**
 * Images to come, and what is to be done to each: data, no code, so it runs wherever a worker has sharp. Operations happen in the order
 * in which they are called, on 8 bits a channel, all of them in one task, one image at a time.
 *
 * `persist()` does them now, and keeps the images with the workers, without loss: what is described from there on begins with these.
 *
 * `compute()` gives the images as encoded files in memory, in the order of the sources; `write(…)`, `metadata()`, `statistics()`,
 * `histogram()` and `contactSheet()` describe something else to compute. Every method checks its arguments at once.
 */
export class Images<E extends OnImageError = "fail"> extends ImageResult<ResultOf<E, EncodedImage[]>> {
  /** To a size, in pixels: `resize(800)`, `resize(800, 600, { fit: "inside" })`, `resize({ height: 600 })`. With one side the shape is kept. */
  resize(width: number, height?: number, options?: Omit<ResizeOptions, "width" | "height">): Images<E>;
  resize(options: ResizeOptions): Images<E>;
  resize(first: number | ResizeOptions, height?: number, more: ResizeOptions = {}): Images<E> {
    const size = typeof first === "number" ? { width: first, ...(height === undefined ? {} : { height }) } : first;
    return this.#then({ do: "resize", ...given(size, "resize(…)"), ...given(more, "resize(…)") });
  }

  /** Made to fit into a box, never larger than it was. One number: a square box. Fast for JPEG and WebP, which are unpacked no larger than it takes. */
  thumbnail(width: number, height: number = width): Images<E> {
    return this.#then({ do: "thumbnail", width, height });
  }

  /** A part, in pixels. It has to lie within the image. */
  extract(part: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  }): Images<E> {
    return this.#then({ do: "extract", ...part });
  }

  /** Clockwise, in degrees. Corners that come free at other angles than quarter turns get the background, default black. */
  rotate(degrees: number, options: { readonly background?: Colour } = {}): Images<E> {
    return this.#then({ do: "rotate", degrees, ...given(options, "rotate(…)") });
  }

  /** Upside down. */
  flip(): Images<E> {
    return this.#then({ do: "flip" });
  }

  /** Left to right. */
  flop(): Images<E> {
    return this.#then({ do: "flop" });
  }

  /**
   * To one channel. "rgb2gray" (the default): luma of the encoded values, 0.2125 R + 0.7154 G + 0.0721 B, rounded down, as
   * `(skimage.color.rgb2gray(x) * 255).astype(uint8)`, within 1 of 255; alpha is blended onto white first, as scikit-image's `rgba2rgb`
   * does; gray images keep their values, CMYK becomes sRGB first. "lightness": sharp's own, by luminance in linear light; alpha as above.
   */
  grayscale(options: { readonly method?: "rgb2gray" | "lightness" } = {}): Images<E> {
    return this.#then({ do: "grayscale", ...{ method: "rgb2gray", ...given(options, "grayscale(…)") } });
  }

  /** Gaussian, by a sigma of 0.3 to 1,000 pixels. Without one: a fast 3 × 3 box. */
  blur(sigma?: number): Images<E> {
    return this.#then({ do: "blur", ...(sigma === undefined ? {} : { sigma }) });
  }

  /** Without options: a fast 3 × 3 kernel. `sigma` in pixels; `flat` and `jagged`: how much in flat and in jagged areas, default 1 and 2. */
  sharpen(options: { readonly sigma?: number; readonly flat?: number; readonly jagged?: number } = {}): Images<E> {
    return this.#then({ do: "sharpen", ...given(options, "sharpen(…)") });
  }

  /** Gives all colours the hue of this one, and leaves their lightness. */
  tint(colour: Colour): Images<E> {
    return this.#then({ do: "tint", colour });
  }

  /** Stretches the lightness to the whole range. `lower` and `upper` in percent: what is darker or lighter is cut off. Default 1 and 99. */
  normalise(options: { readonly lower?: number; readonly upper?: number } = {}): Images<E> {
    return this.#then({ do: "normalise", ...{ lower: 1, upper: 99, ...given(options, "normalise(…)") } });
  }

  /** Lays another image (a path or URL) over each. It may not be larger than they are. */
  composite(image: string, options: CompositeOptions = {}): Images<E> {
    return this.#then({ do: "composite", image, ...given(options, "composite(…)") });
  }

  /** The format of what is written, with its options, as `convert("webp", { quality: 75 })`: see encodings.ts for those of each. */
  convert(format: ImageFormat | "jpg", options: EncodingOptions = {}): Images<E> {
    return new Images({ ...this.node, encoding: checkEncoding(format, options, "convert(…)") });
  }

  /**
   * Writes each image under a name of its own, as `write("{dir}/{name}_gray.png")`; see template.ts for the placeholders. `compute()` gives
   * the names in the order of the sources. Folders are made; every file is written whole or not at all. The format is that of `convert`, or
   * of the name's extension, or the source's. Options are those of the format, and `overwrite`: false leaves what is there and fails.
   *
   * Refused: two images with one name, and names of sources.
   */
  write(
    template: string,
    options: EncodingOptions & { readonly overwrite?: boolean } = {},
  ): ImageResult<ResultOf<E, string[]>> {
    const extension = literalExtension(parseTemplate(template));
    const { overwrite = true, ...encoding } = given(options, "write(…)");
    if (typeof overwrite !== "boolean") throw wrong("write(…) option overwrite", "true or false", overwrite);
    const result = { kind: "write", template, overwrite } as const;
    const format = extension === undefined ? undefined : formatOfExtension(extension);
    const asked = this.node.encoding;
    if (asked !== undefined && format !== undefined && asked.format !== format)
      throw new OptionError(`The name "${template}" says ${format}, and convert(…) says ${asked.format}.`, {
        fields: { template, format: asked.format },
        fix: "leave out convert(…), or let the name end in {ext}.",
      });
    if (extension !== undefined && format === undefined && asked === undefined)
      checkEncoding(extension, {}, "write(…)");
    const chosen = format ?? asked?.format;
    if (chosen === undefined && Object.keys(encoding).length > 0)
      throw new OptionError(`write(…) cannot tell whose options these are: ${Object.keys(encoding).join(", ")}.`, {
        fields: { template },
        fix: 'let the name end in an extension, or say convert("webp", { … }).',
      });
    if (chosen === undefined) return this.#result(result);
    return this.#result({
      ...result,
      encoding: checkEncoding(chosen, { ...asked?.options, ...encoding }, "write(…)"),
    });
  }

  /** The images as files in memory: the same as `compute()`. */
  toBuffers(options?: ComputeOptions): Promise<ResultOf<E, EncodedImage[]>> {
    return this.compute(options);
  }

  /**
   * Runs the operations, and keeps the pixels with the workers as an array [images, height, width, channels], one image a chunk (several where they are
   * pages of one file, or persisted images that one task made). uint8, or cast to `dtype` where it is used. Channels: 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
   *
   * @throws ImageError that names the first image of another size or number of channels than the first; OptionError for `onError: "collect"`: "skip" leaves out
   */
  async toArray<D extends DType = "uint8">(options: ToArrayOptions<D> = {}): Promise<ChunkedArray<D>> {
    const asked = askedArray(options, []);
    return (await (await executor()).toArray(this, asked, signalIn(options))) as ChunkedArray<D>; // the dtype asked for
  }

  /** What the files say of their images, before any operation. Nothing is unpacked, so no limit on pixels applies. */
  metadata(): ImageResult<ResultOf<E, ImageMetadata[]>> {
    if (this.node.operations.length > 0 || this.node.kept !== undefined)
      throw new OptionError("metadata() tells what the files say, before any operation and before persist().", {
        fix: "call it on readImages(…), or take statistics() of what the operations make.",
      });
    return this.#result({ kind: "metadata" });
  }

  /** Least, largest, mean, spread, median and entropy of each channel, after the operations. */
  statistics(): ImageResult<ResultOf<E, ImageStatistics[]>> {
    return this.#result({ kind: "statistics" });
  }

  /** How many pixels have each value, for each channel, after the operations. */
  histogram(): ImageResult<ResultOf<E, ImageHistogram[]>> {
    return this.#result({ kind: "histogram" });
  }

  /** All images on one, in rows, in their order. */
  contactSheet(options: SheetOptions = {}): ContactSheet<E> {
    return ContactSheet.of<E>(this.node, options);
  }

  #then(operation: ImageOperation): Images<E> {
    return new Images({ ...this.node, operations: [...this.node.operations, checkOperation(operation)] });
  }

  #result<T>(result: ImageResultNode): ImageResult<T> {
    return new ImageResult({ ...this.node, result });
  }
}

/** Options that were given. Spread, what is no object would be no option at all. */
function given<O extends object>(options: O, where: string): O {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return options;
  throw wrong(where, "an object with options", options);
}

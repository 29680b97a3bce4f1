/**
 * Operations in the order in which they were asked for, on a tool that has an order of its own. A sharp pipeline does resize, blur,
 * sharpen … in one fixed order, whatever the order of the calls. So a pipeline here takes operations as long as they come in sharp's order
 * (RANKS), which is the cheapest way; at the first that does not, it is run, and a new one begins on its pixels.
 *
 *     file ──▶ pipeline (rank 0) ──apply──▶ pipeline (rank r) ──settle──▶ pixels ──▶ pipeline (rank 0) ──▶ …
 *
 * Between pipelines stand raw pixels of 8 bits a channel; where metadata is kept, an uncompressed PNG, which can hold it.
 */
import type { Sharp, SharpInput, SharpOptions } from "sharp";
import type { ImageOperation } from "../../collections/images/nodes.ts";
import { rgb2gray } from "./gray.ts";
import type { Pixels } from "./png.ts";
import { sharp } from "./sharp.ts";
import { sizeAfter, type Size } from "./size.ts";

/** When sharp does what: later operations have larger numbers. Absent: in a pipeline of its own. */
const RANKS: Readonly<Partial<Record<ImageOperation["do"], number>>> = {
  extract: 1,
  resize: 2,
  thumbnail: 2,
  blur: 3,
  sharpen: 4,
  composite: 5,
  normalise: 6,
  tint: 7,
};

/** sharp's order among these depends on the image's orientation. Each begins a pipeline. */
const FIRST: readonly string[] = ["extract", "rotate", "flip", "flop"];

export interface Stage {
  /** Not yet run. */
  readonly pipe: Sharp;
  readonly rank: number;
  /** The pixels that `pipe` begins with, where nothing was added to it yet. */
  readonly pixels?: Pixels;
  readonly gray: boolean;
  /** Whether there may be an alpha channel. */
  readonly alpha: boolean;
  readonly size: Size;
  /** EXIF and XMP go along. */
  readonly keep: boolean;
}

/** An image as it is in its file. `gray`: it has one channel. */
export function fromFile(
  [input, options]: readonly [SharpInput, SharpOptions],
  facts: Pick<Stage, "gray" | "alpha" | "size" | "keep">,
): Stage {
  return { pipe: sharp(input, options), rank: 0, ...facts };
}

export function fromPixels(pixels: Pixels): Stage {
  const { data, width, height, channels } = pixels;
  return {
    // Of the four there are: gray, gray and alpha, RGB, RGB and alpha.
    pipe: sharp(data, { raw: { width, height, channels: channels as 1 | 2 | 3 | 4 }, limitInputPixels: false }),
    rank: 0,
    pixels,
    gray: channels === 1,
    alpha: channels === 2 || channels === 4,
    size: { width, height },
    keep: false,
  };
}

export async function apply(
  stage: Stage,
  operation: ImageOperation,
  overlays: ReadonlyMap<string, Uint8Array>,
): Promise<Stage> {
  if (operation.do === "grayscale") return operation.method === "rgb2gray" ? toLuma(stage) : toLightness(stage);
  const rank = RANKS[operation.do] ?? 99;
  const base = rank <= stage.rank || FIRST.includes(operation.do) ? await settle(stage) : stage;
  const { pixels: _begun, ...rest } = base;
  const coloured = operation.do === "tint" || operation.do === "composite";
  return {
    ...rest,
    pipe: add(base.pipe, operation, overlays),
    rank,
    gray: base.gray && !coloured && !("background" in operation),
    alpha: base.alpha || operation.do === "composite" || "background" in operation,
    size: sizeAfter(operation, base.size),
  };
}

function add(
  pipe: Sharp,
  operation: Exclude<ImageOperation, { do: "grayscale" }>,
  overlays: ReadonlyMap<string, Uint8Array>,
): Sharp {
  switch (operation.do) {
    case "resize": {
      const { do: _, background, ...options } = operation;
      return pipe.resize({ ...options, ...(background === undefined ? {} : { background: colourOf(background) }) });
    }
    case "thumbnail":
      return pipe.resize({ width: operation.width, height: operation.height, fit: "inside", withoutEnlargement: true });
    case "extract":
      return pipe.extract(operation);
    case "rotate":
      return pipe.rotate(operation.degrees, { background: colourOf(operation.background ?? "black") });
    case "flip":
      return pipe.flip();
    case "flop":
      return pipe.flop();
    case "blur":
      return operation.sigma === undefined ? pipe.blur() : pipe.blur(operation.sigma);
    case "sharpen": {
      const { sigma, flat, jagged } = operation;
      if (sigma === undefined) return pipe.sharpen();
      return pipe.sharpen({
        sigma,
        ...(flat === undefined ? {} : { m1: flat }),
        ...(jagged === undefined ? {} : { m2: jagged }),
      });
    }
    case "tint":
      return pipe.tint(operation.colour);
    case "normalise":
      return pipe.normalise({ lower: operation.lower, upper: operation.upper });
    case "composite": {
      const { do: _, image, ...options } = operation;
      return pipe.composite([{ ...options, input: Buffer.from(overlays.get(image) ?? []), autoOrient: true }]);
    }
  }
}

/** sharp knows no "transparent". */
export function colourOf(colour: string): string {
  return colour === "transparent" ? "#00000000" : colour;
}

/** Runs what has gathered, and begins again with what it gave. */
export async function settle(stage: Stage): Promise<Stage> {
  if (stage.pixels !== undefined) return stage;
  if (!stage.keep) return fromPixels(await pixelsOf(stage));
  const { data, info } = await kept(withSpace(stage))
    .png({ compressionLevel: 0 })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return {
    ...fromFile([data, { limitInputPixels: false }], { ...stage, gray: channels === 1, size: { width, height } }),
    alpha: channels === 2 || channels === 4,
  };
}

/** The pixels, eight bits a channel. */
export async function pixelsOf(stage: Stage): Promise<Pixels> {
  if (stage.pixels !== undefined) return stage.pixels;
  const { data, info } = await withSpace(stage).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** Lets one channel stay one: by default sharp makes three of it. */
export function withSpace({ pipe, gray }: Stage): Sharp {
  return gray ? pipe.toColourspace("b-w") : pipe;
}

export function kept(pipe: Sharp): Sharp {
  return pipe.keepExif().keepXmp();
}

const LUMA: [number, number, number] = [0.2125, 0.7154, 0.0721];

async function toLuma(stage: Stage): Promise<Stage> {
  if (!stage.keep) return fromPixels(rgb2gray(await pixelsOf(stage)));
  const settled = await opaque(await settle(stage));
  if (settled.gray) return settled;
  const pipe = settled.pipe.recomb([LUMA, LUMA, LUMA]).extractChannel(0);
  return settle({ ...settled, pipe, gray: false, alpha: false });
}

async function toLightness(stage: Stage): Promise<Stage> {
  const settled = await opaque(await settle(stage));
  const { pixels: _begun, ...rest } = settled;
  return settle({ ...rest, pipe: settled.pipe.grayscale(), gray: true, alpha: false });
}

/** Without alpha: blended onto white, or another colour. */
export async function opaque(stage: Stage, background = "#ffffff"): Promise<Stage> {
  if (!stage.alpha) return stage;
  const settled = await settle(stage);
  if (!settled.alpha) return settled;
  const { pixels: _begun, ...rest } = settled;
  return settle({ ...rest, pipe: settled.pipe.flatten({ background: colourOf(background) }), alpha: false });
}

import { OptionError } from "../../errors.ts";
import { checkOptions, colour, flag, number, oneOf, text, whole, type Spec } from "./checks.ts";
import type { ImageOperation } from "./nodes.ts";

/** The longest side that libvips makes, in pixels. */
const MOST = 65_535;
const side = whole(1, MOST, "pixels");
const offset = whole(0, MOST, "pixels");
const place = oneOf(
  ...["centre", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"],
);

/** What each operation takes. */
const SPECS: Readonly<Record<ImageOperation["do"], Spec>> = {
  resize: {
    options: {
      width: side,
      height: side,
      fit: oneOf("cover", "contain", "fill", "inside", "outside"),
      position: place,
      kernel: oneOf("nearest", "linear", "cubic", "mitchell", "lanczos2", "lanczos3"),
      background: colour,
      withoutEnlargement: flag,
    },
  },
  thumbnail: { options: { width: side, height: side }, required: ["width", "height"] },
  extract: {
    options: { left: offset, top: offset, width: side, height: side },
    required: ["left", "top", "width", "height"],
  },
  rotate: { options: { degrees: number(-360, 360, "degrees"), background: colour }, required: ["degrees"] },
  flip: { options: {} },
  flop: { options: {} },
  grayscale: { options: { method: oneOf("rgb2gray", "lightness") }, required: ["method"] },
  blur: { options: { sigma: number(0.3, 1_000, "pixels") } },
  sharpen: {
    options: { sigma: number(0.000001, 10, "pixels"), flat: number(0, 1_000_000), jagged: number(0, 1_000_000) },
  },
  tint: { options: { colour }, required: ["colour"] },
  normalise: {
    options: { lower: number(0, 99, "percent"), upper: number(1, 100, "percent") },
    required: ["lower", "upper"],
  },
  composite: {
    options: {
      image: text,
      gravity: place,
      left: whole(-MOST, MOST, "pixels"),
      top: whole(-MOST, MOST, "pixels"),
      blend: oneOf(
        ...["over", "atop", "in", "out", "add", "multiply", "screen", "overlay", "darken", "lighten", "difference"],
      ),
      tile: flag,
    },
    required: ["image"],
  },
};

export const OPERATION_NAMES = Object.keys(SPECS) as (keyof typeof SPECS)[]; // its own keys

/** The operation as it came, checked. @throws OptionError */
export function checkOperation(operation: ImageOperation): ImageOperation {
  const { do: name, ...options } = operation;
  const where = `${name}(…)`;
  checkOptions(options, SPECS[name], where);
  if (operation.do === "resize" && operation.width === undefined && operation.height === undefined)
    throw new OptionError("resize(…) needs a width or a height, in pixels.", { fields: { option: where } });
  if (operation.do === "normalise" && operation.lower >= operation.upper)
    throw new OptionError(
      `normalise(…) expects lower below upper, found ${operation.lower} and ${operation.upper} percent.`,
      { fields: { option: where } },
    );
  if (operation.do === "sharpen" && operation.sigma === undefined && (operation.flat ?? operation.jagged) !== undefined)
    throw new OptionError("sharpen(…) with flat or jagged needs a sigma, in pixels.", { fields: { option: where } });
  if (operation.do === "composite" && (operation.left === undefined) !== (operation.top === undefined))
    throw new OptionError("composite(…) needs both left and top, or neither.", { fields: { option: where } });
  return operation;
}

/** As it is written in a program. */
export function formatOperation({ do: name, ...options }: ImageOperation): string {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  if (name === "grayscale" && entries.some(([, value]) => value === "rgb2gray")) return "grayscale()";
  return entries.length === 0
    ? `${name}()`
    : `${name}({ ${entries.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")} })`;
}

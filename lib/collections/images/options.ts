import { parseBytes } from "../options.ts";
import { checkOptions, colour, flag, oneOf, whole, type Spec } from "./checks.ts";
import type { ImageOptions, SheetOptions } from "./nodes.ts";

const READING: Spec = {
  options: {
    onError: oneOf("fail", "skip", "collect"),
    maxPixels: whole(1, Number.MAX_SAFE_INTEGER, "pixels"),
    maxBytes: (value, where) => void parseBytes(value as number | string, where), // checked there
    orient: flag,
    icc: oneOf("convert", "ignore"),
    pages: oneOf("first", "all"),
    metadata: oneOf("strip", "keep"),
    batchSize: whole(1, 10_000, "images"),
  },
};

/** The longest side of a sheet, in pixels. */
const MOST = 65_535;
const SHEET: Spec = {
  options: {
    columns: whole(1, MOST),
    width: whole(1, MOST, "pixels"),
    height: whole(1, MOST, "pixels"),
    gap: whole(0, MOST, "pixels"),
    background: colour,
  },
};

/** @throws OptionError */
export function checkImageOptions(options: ImageOptions): void {
  checkOptions(options, READING, "readImages");
}

/** @throws OptionError */
export function checkSheet(options: SheetOptions): void {
  checkOptions(options, SHEET, "contactSheet(…)");
}

/** What holds where the user said nothing: see `ImageOptions` for why. */
export const IMAGE_DEFAULTS = {
  onError: "fail",
  maxPixels: 50_000_000,
  maxBytes: 128 * 1024 * 1024,
  orient: true,
  pages: "first",
  metadata: "strip",
} as const;

import { OptionError, nearestNames } from "../../errors.ts";
import { shown } from "../options.ts";
import { checkOptions, flag, number, oneOf, whole, type Spec } from "./checks.ts";
import { IMAGE_FORMATS, type Encoding, type EncodingOptions, type ImageFormat } from "./nodes.ts";

const quality = whole(1, 100);
const chroma = oneOf("4:2:0", "4:4:4");

/** What each format takes; sharp's names and defaults, see its documentation of output options. */
const SPECS: Readonly<Record<ImageFormat, Spec>> = {
  /** Without options: see kernels/image/png.ts. */
  png: {
    options: {
      compressionLevel: whole(0, 9),
      adaptiveFiltering: flag,
      progressive: flag,
      palette: flag,
      quality,
      effort: whole(1, 10),
      colours: whole(2, 256),
      dither: number(0, 1),
    },
  },
  /** quality: default 80. */
  jpeg: { options: { quality, progressive: flag, chromaSubsampling: chroma, mozjpeg: flag } },
  /** quality: default 80; effort: default 4. */
  webp: {
    options: {
      quality,
      alphaQuality: whole(0, 100),
      lossless: flag,
      nearLossless: flag,
      smartSubsample: flag,
      effort: whole(0, 6),
      preset: oneOf("default", "photo", "picture", "drawing", "icon", "text"),
    },
  },
  /** quality: default 50; effort: default 4. */
  avif: { options: { quality, lossless: flag, effort: whole(0, 9), chromaSubsampling: chroma } },
  /** compression: default "deflate", which loses nothing; quality is for "jpeg" and "webp". */
  tiff: {
    options: {
      quality,
      compression: oneOf("none", "deflate", "lzw", "packbits", "jpeg", "webp", "zstd"),
      predictor: oneOf("none", "horizontal", "float"),
      tile: flag,
      pyramid: flag,
    },
  },
  /** colours: default 256; effort: default 7. */
  gif: { options: { colours: whole(2, 256), effort: whole(1, 10), dither: number(0, 1), progressive: flag } },
};

const EXTENSIONS: Readonly<Record<string, ImageFormat>> = {
  png: "png",
  jpg: "jpeg",
  jpeg: "jpeg",
  jpe: "jpeg",
  webp: "webp",
  avif: "avif",
  tif: "tiff",
  tiff: "tiff",
  gif: "gif",
};

/** The extension that files of a format usually have. */
export function extensionOf(format: ImageFormat): string {
  return format === "jpeg" ? "jpg" : format;
}

/** The format that a name's extension (without the dot) stands for. */
export function formatOfExtension(extension: string): ImageFormat | undefined {
  const lower = String(extension).toLowerCase(); // a program without types may give anything
  return Object.hasOwn(EXTENSIONS, lower) ? EXTENSIONS[lower] : undefined;
}

/** @throws OptionError */
export function checkEncoding(format: string, options: EncodingOptions, where: string): Encoding {
  const known = formatOfExtension(format);
  if (known !== undefined) {
    checkOptions(options, SPECS[known], `${where} ${known}`);
    return { format: known, options };
  }
  const near = nearestNames(String(format), IMAGE_FORMATS);
  throw new OptionError(`${where} knows the formats ${IMAGE_FORMATS.join(", ")}, found ${shown(format)}.`, {
    fields: { option: "format", known: IMAGE_FORMATS },
    fix: near.length === 0 ? "take one of these." : `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`,
  });
}

import type { Ref, Source } from "../../plan/plan.ts";

/** What a collection of images is: a description, as plain data. Lowering (plan/lower/images.ts) makes a plan of it. */
export interface ImagesNode {
  /** Paths, URLs and globs, as the user wrote them. */
  readonly paths: readonly string[];
  readonly options: ImageOptions;
  /** In the order in which they are done. */
  readonly operations: readonly ImageOperation[];
  /** What `convert` asks for; absent: as the name says, or else as the source is. */
  readonly encoding?: Encoding;
  readonly result: ImageResultNode;
  /** What an earlier run kept: the operations begin with these instead of files. */
  readonly kept?: KeptImages;
}

/** Images that the workers keep, without loss. */
export interface KeptImages {
  /** One for each task that made some, in order. */
  readonly refs: readonly Ref[];
  /** The files they came from. */
  readonly sources: readonly Source[];
  /** How many there are, failed ones among them that `onError: "collect"` tells of. */
  readonly images: number;
  /** Of all. */
  readonly bytes: number;
}

/** What is made of the images. `value`: it was made, and the workers keep it. */
export type ImageResultNode =
  | { readonly kind: "value"; readonly ref: Ref }
  | { readonly kind: "encode" }
  | { readonly kind: "write"; readonly template: string; readonly overwrite: boolean; readonly encoding?: Encoding }
  | { readonly kind: "metadata" | "statistics" | "histogram" }
  | { readonly kind: "sheet"; readonly sheet: SheetOptions; readonly to?: string };

/** How images are read, and what becomes of those that cannot be. */
export interface ImageOptions {
  /**
   * What becomes of an image that cannot be read or processed. "fail" (the default): the run fails, with an `ImageError` that names it.
   * "skip": it is left out. "collect": it is left out, and the result is `{ values, failed }`, with the error of each.
   */
  readonly onError?: OnImageError;
  /**
   * Width times height, at most. Default 50 million: more than most cameras give, and it bounds what a task takes. An image that
   * declares more is refused by its header, before anything is unpacked: a few hundred bytes may declare gigabytes.
   */
  readonly maxPixels?: number;
  /** Size of a file, as a number of bytes or a text such as "64MB". Default "128MiB". A larger one is refused before it is read. */
  readonly maxBytes?: number | string;
  /** Turn images as their EXIF orientation says. Default true, since the tag is gone from what is written. */
  readonly orient?: boolean;
  /**
   * What an embedded colour profile means. "convert": colours become sRGB by it. "ignore": values are taken as they are encoded. Default
   * "convert", but "ignore" where `grayscale()` takes luma as scikit-image does: that reads encoded values. CMYK always becomes sRGB.
   */
  readonly icc?: "convert" | "ignore";
  /**
   * Of files with several pages (TIFF) or frames (GIF, WebP): the first, or each as an image of its own. Default "first": of an animation a
   * still comes out, never an animation again. `metadata()` tells how many there are.
   */
  readonly pages?: "first" | "all";
  /**
   * EXIF and XMP of what is written. "strip" (the default): they hold places, names and thumbnails of what was cut away, and may
   * be larger than the image. "keep": as in the source, but for the orientation that was applied. IPTC and profiles are not kept: colours are sRGB.
   */
  readonly metadata?: "strip" | "keep";
  /** Images a task does. Default: a 64th of them, at least 1 and at most 64, and no more than 4 MiB of files. */
  readonly batchSize?: number;
}

export type OnImageError = "fail" | "skip" | "collect";

export const IMAGE_FORMATS = ["png", "jpeg", "webp", "avif", "tiff", "gif"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** A format, and its options by name (see encodings.ts). */
export interface Encoding {
  readonly format: ImageFormat;
  readonly options: EncodingOptions;
}

export type EncodingOptions = { readonly [option: string]: number | boolean | string };

/** "#rgb", "#rrggbb", "#rrggbbaa", one of the 16 names of HTML or "transparent". */
export type Colour = string;

export interface ResizeOptions {
  /** In pixels. One of the two is enough: the other follows from the image's shape. */
  readonly width?: number;
  readonly height?: number;
  /** How an image of another shape comes to both. Default "cover": cut to it. "contain": with borders; "fill": distorted; "inside", "outside": as large as fits, or as small as covers. */
  readonly fit?: "cover" | "contain" | "fill" | "inside" | "outside";
  /** Which part "cover" keeps and where "contain" puts it. Default "centre". */
  readonly position?: Position;
  /** Default "lanczos3". */
  readonly kernel?: "nearest" | "linear" | "cubic" | "mitchell" | "lanczos2" | "lanczos3";
  /** Of the borders of "contain". Default "black". */
  readonly background?: Colour;
  /** Leave smaller images as they are. Default false. */
  readonly withoutEnlargement?: boolean;
}

export type Position =
  "centre" | "north" | "northeast" | "east" | "southeast" | "south" | "southwest" | "west" | "northwest";

export interface CompositeOptions {
  /** Where it lies. Default "centre". */
  readonly gravity?: Position;
  /** In pixels from the left and from the top, instead of gravity; both are needed. */
  readonly left?: number;
  readonly top?: number;
  /** Default "over". */
  readonly blend?:
    "over" | "atop" | "in" | "out" | "add" | "multiply" | "screen" | "overlay" | "darken" | "lighten" | "difference";
  /** Repeat it over the whole image. Default false. */
  readonly tile?: boolean;
}

export type ImageOperation =
  | ({ readonly do: "resize" } & ResizeOptions)
  | { readonly do: "thumbnail"; readonly width: number; readonly height: number }
  | {
      readonly do: "extract";
      readonly left: number;
      readonly top: number;
      readonly width: number;
      readonly height: number;
    }
  | { readonly do: "rotate"; readonly degrees: number; readonly background?: Colour }
  | { readonly do: "flip" | "flop" }
  | { readonly do: "grayscale"; readonly method: "rgb2gray" | "lightness" }
  | { readonly do: "blur"; readonly sigma?: number }
  | { readonly do: "sharpen"; readonly sigma?: number; readonly flat?: number; readonly jagged?: number }
  | { readonly do: "tint"; readonly colour: Colour }
  | { readonly do: "normalise"; readonly lower: number; readonly upper: number }
  | ({ readonly do: "composite"; readonly image: string } & CompositeOptions);

/** How a contact sheet is laid out. All lengths in pixels. */
export interface SheetOptions {
  /** Images a row. Default: the square root of their count, rounded up. */
  readonly columns?: number;
  /** Of a cell: images are made to fit into it, never larger than they are. Default 160 by 160. */
  readonly width?: number;
  readonly height?: number;
  /** Between cells and around them. Default 8. */
  readonly gap?: number;
  /** Default "white". */
  readonly background?: Colour;
}

import type { ImageFormat, OnImageError } from "./nodes.ts";

/** An image that could not be read or processed. */
export interface FailedImage {
  /** The source: a path below the current folder as it is there, otherwise the absolute path or the URL. */
  readonly source: string;
  /** Its place in the list of sources, from 0 on. */
  readonly index: number;
  /** Usually an `ImageError`. */
  readonly error: Error;
}

/** What went well, and what did not. */
export interface ImageResults<T> {
  readonly values: T;
  readonly failed: readonly FailedImage[];
}

/** What `compute()` gives: the values, with those that failed beside them under `onError: "collect"`. */
export type ResultOf<E extends OnImageError, T> = E extends "collect" ? ImageResults<T> : T;

/** Where an image came from. */
export interface ImageOrigin {
  /** As in `FailedImage`. */
  readonly source: string;
  readonly index: number;
  /** The page of a file with several, from 0 on. */
  readonly page: number;
}

/** An image as the bytes of a file. */
export interface EncodedImage extends ImageOrigin {
  /** The source's name, with the extension of the format. */
  readonly name: string;
  readonly format: ImageFormat;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** What an image's file says of it. */
export interface ImageMetadata extends ImageOrigin {
  /** "png", "jpeg", "webp", "heif" (AVIF too), "tiff", "gif". */
  readonly format: string;
  /** In pixels, as stored: `orientation` is not applied. */
  readonly width: number;
  readonly height: number;
  /** "srgb", "b-w", "cmyk", "rgb16", "grey16" … */
  readonly space: string;
  readonly channels: number;
  /** Of a channel: "uchar", "ushort", "float". */
  readonly depth: string;
  readonly hasAlpha: boolean;
  readonly hasProfile: boolean;
  /** Pages or frames. */
  readonly pages: number;
  /** The EXIF orientation, 1 to 8; 1 where there is none. */
  readonly orientation: number;
  /** Pixels an inch; 72 where the file does not say. */
  readonly density: number;
  /** Of the file. */
  readonly bytes: number;
}

/** Figures of one channel, of its values from 0 to 255. */
export interface ChannelStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the population, as NumPy's std. */
  readonly std: number;
  readonly median: number;
  /** Shannon's, in bits. */
  readonly entropy: number;
}

export interface ImageStatistics extends ImageOrigin {
  readonly width: number;
  readonly height: number;
  /** Gray, or red, green and blue; alpha last where there is one. */
  readonly channels: readonly ChannelStatistics[];
}

export interface ImageHistogram extends ImageOrigin {
  readonly width: number;
  readonly height: number;
  /** Of each channel (as in `ImageStatistics`) how many pixels have the values 0 to 255. */
  readonly channels: readonly (readonly number[])[];
}

import type { Metadata } from "sharp";
import type { Encoding, ImageOperation, OnImageError } from "../../collections/images/nodes.ts";
import type { ErrorRecord } from "../../errors.ts";
import type { Source } from "../../plan/plan.ts";

/** What "images.run" does to each image of a task. */
export interface ImageParams {
  readonly reading: Reading;
  readonly operations: readonly ImageOperation[];
  readonly sink: ImageSink;
  readonly onError: OnImageError;
}

export interface Reading {
  readonly maxPixels: number;
  /** In bytes. */
  readonly maxBytes: number;
  readonly orient: boolean;
  readonly ignoreIcc: boolean;
  readonly allPages: boolean;
  readonly keepMetadata: boolean;
}

/** What becomes of an image at the end. */
export type ImageSink =
  | { readonly to: "bytes"; readonly encoding?: Encoding }
  | {
      readonly to: "store";
      readonly template: string;
      /** The folder that relative names are below. */
      readonly base: string;
      readonly encoding?: Encoding;
      /** Never write over what is there. */
      readonly onlyNew: boolean;
    }
  | { readonly to: "metadata" | "statistics" | "histogram" }
  /** Without loss, for further operations later. */
  | { readonly to: "kept" }
  /** As they are, to be chunks of an array: see stack.ts. */
  | { readonly to: "pixels" }
  /** Pixels of at most this size, on this background. */
  | { readonly to: "cell"; readonly width: number; readonly height: number; readonly background: string };

/** The item of a task of "images.run". */
export interface ImageBatch {
  /** The index of the first source. */
  readonly first: number;
  readonly sources: readonly Source[];
}

/** What "images.sheet" makes of the cells. */
export interface SheetParams {
  readonly columns?: number;
  readonly width: number;
  readonly height: number;
  readonly gap: number;
  readonly background: string;
  readonly encoding: Encoding;
  readonly maxPixels: number;
  /** Where it is written, as a URL; absent: it is the result. */
  readonly to?: string;
}

/** What came of one image, or of one page of it. */
export interface ImageRecord {
  readonly url: string;
  readonly index: number;
  readonly page: number;
  readonly value?: unknown;
  readonly error?: ErrorRecord;
}

/** What "kept" leaves in a record. */
export interface KeptImage {
  /** A PNG file. */
  readonly bytes: Uint8Array;
  /** Of the file it came from, as its header said. */
  readonly format: Metadata["format"];
  readonly pages: number;
}

/** What "store" leaves in a record. Bytes are there where only the client's store can take them (`memory:`). */
export interface Written {
  readonly url: string;
  readonly bytes?: Uint8Array;
}

import { OptionError } from "../../errors.ts";
import { wrong } from "../options.ts";
import { formatOfExtension } from "./encodings.ts";
import { ImageResult } from "./image-result.ts";
import type { ImagesNode, OnImageError, SheetOptions } from "./nodes.ts";
import { checkSheet } from "./options.ts";
import type { ResultOf } from "./results.ts";

/** A contact sheet as the bytes of a file. */
export interface SheetImage {
  readonly format: "png" | "jpeg" | "webp" | "avif" | "tiff" | "gif";
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Images on it. */
  readonly images: number;
  readonly bytes: Uint8Array;
}

/**
 * A contact sheet to come. Thumbnails are made by all workers, and placed by one. Images that are left out leave no gap. Its format is that
 * of `convert`, otherwise PNG.
 */
export class ContactSheet<E extends OnImageError> extends ImageResult<ResultOf<E, SheetImage>> {
  /** @throws OptionError */
  static of<E extends OnImageError>(node: ImagesNode, sheet: SheetOptions): ContactSheet<E> {
    checkSheet(sheet);
    return new ContactSheet<E>({ ...node, result: { kind: "sheet", sheet } });
  }

  /** Writes it under this name, in the format of its extension. `compute()` gives the name. */
  write(to: string): ImageResult<ResultOf<E, string>> {
    const { result, encoding } = this.node;
    const extension = /\.([A-Za-z0-9]+)$/.exec(typeof to === "string" ? to : "")?.[1] ?? "";
    const format = formatOfExtension(extension);
    if (result.kind !== "sheet" || format === undefined)
      throw wrong("write(…)", 'a name with an extension such as "sheet.png"', to);
    if (encoding !== undefined && encoding.format !== format)
      throw new OptionError(`The name "${to}" says ${format}, and convert(…) says ${encoding.format}.`, {
        fix: "leave out convert(…).",
      });
    return new ImageResult({
      ...this.node,
      encoding: { format, options: encoding?.options ?? {} },
      result: { ...result, to },
    });
  }
}

import { Collection } from "../collection.ts";
import { formatImages } from "./format.ts";
import { imagesFromJson, imagesToJson, type ImagesJson } from "./json.ts";
import type { ImagesNode } from "./nodes.ts";

/** Something to come that is made from images: written files, figures, a contact sheet, the images themselves. Lazy. */
export class ImageResult<T> extends Collection<T> {
  readonly kind = "images";
  readonly node: ImagesNode;

  constructor(node: ImagesNode) {
    super();
    this.node = node;
  }

  /** The description as JSON, from which `fromJSON` makes it again: it holds names and options, never code. */
  toJSON(): ImagesJson {
    return imagesToJson(this.node);
  }

  /** The description of a `toJSON` (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): ImageResult<unknown> {
    return new ImageResult(imagesFromJson(json));
  }

  override toString(): string {
    return formatImages(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "Images";
  }
}

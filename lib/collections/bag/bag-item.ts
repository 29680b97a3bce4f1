import type { Json } from "../../errors.ts";
import { Collection } from "../collection.ts";
import { formatBagItem } from "./format.ts";
import { bagItemFromJson, bagItemToJson, type BagItemJson } from "./json.ts";
import type { BagItemNode } from "./nodes.ts";

/** Items that went well, and those that failed under `onError("collect")`. */
export interface BagResults<T> {
  readonly values: T[];
  readonly failed: readonly FailedItem[];
}

/** An item whose function failed. */
export interface FailedItem {
  /** The item as the function got it; for a line that is no JSON, its text. */
  readonly item: unknown;
  readonly error: Error;
  /** Which operation it was, as "map(parse)". */
  readonly step: string;
  /** Where the item came from: a partition of the source, or the bytes of a file. */
  readonly partition: string;
  /** Which of the items that came to the operation in that partition it was, from 0 on. */
  readonly index: number;
  /** For lines: url, offset (bytes). Empty otherwise. */
  readonly fields: { readonly [key: string]: Json | undefined };
}

/** One value to come that is made from a bag: a count, a fold, the first items. Lazy, as the bag is. */
export class BagItem<T> extends Collection<T> {
  readonly kind = "bag";
  readonly node: BagItemNode;

  constructor(node: BagItemNode) {
    super();
    this.node = node;
  }

  /** The description as JSON, from which `fromJSON` makes it again. @throws PlanError for inline functions and persisted bags. */
  toJSON(): BagItemJson {
    return bagItemToJson(this.node);
  }

  /** The value of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
  static fromJSON(json: unknown): BagItem<unknown> {
    return new BagItem(bagItemFromJson(json));
  }

  override toString(): string {
    return formatBagItem(this.node);
  }

  get [Symbol.toStringTag](): string {
    return "BagItem";
  }
}

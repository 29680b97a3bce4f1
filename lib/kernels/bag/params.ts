import type { BagStep, FoldFunctions, KeyNode, OnError } from "../../collections/bag/nodes.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import type { ValueJson } from "../../values-json.ts";

/** What a "bag.run" task does: reads the items of its partition, runs the fused steps on them, and gathers what comes out. */
export interface BagParams {
  readonly source: BagReader;
  readonly steps: readonly BagStep[];
  readonly sink: BagSink;
  /** For tasks over ranges: the number of each source's first one, so that a task knows its own. */
  readonly firsts?: readonly number[];
}

/** Where items come from. */
export type BagReader =
  /** The task's item: `{ part, values }`, a list as ValueJson. */
  | { readonly from: "values" }
  | {
      readonly from: "text";
      readonly encodingErrors: "error" | "replace";
      /** What the steps do to ASCII lines, for words that are counted from bytes; only where frequencies are sent. */
      readonly words?: Words;
    }
  | { readonly from: "jsonLines"; readonly encodingErrors: "error" | "replace"; readonly onError: OnError }
  /** Outputs that earlier tasks kept. */
  | { readonly from: "chunks" }
  /** Sections of an exchange, brought together as `meet` says. `left`: the first so many refs are of the left bag (join, zip). */
  | { readonly from: "sections"; readonly meet: Meet };

/** How ASCII lines are cut into words. */
export interface Words {
  /** White space that is taken off lines first. */
  readonly trim: { readonly start: boolean; readonly end: boolean };
  readonly letters: "kept" | "lower" | "upper";
  /** Words end at one of these characters (`set`), or at all of them together (`text`). */
  readonly as: "set" | "text";
  readonly characters: string;
  /** Several of these characters in a row are one end. */
  readonly runs: boolean;
  /** Whether empty words are words. */
  readonly empty: boolean;
  /** As it was written, for `explain`. */
  readonly shown: string;
}

/** What is made of the items that meet in a partition. */
export type Meet =
  | { readonly do: "concat" | "distinct" | "groupBy" | "frequencies" }
  | { readonly do: "foldBy"; readonly fold: FoldFunctions }
  | { readonly do: "join" | "zip"; readonly left: number };

/** How items are sent to partitions. */
export type Send =
  /** By key; the same key goes to the same partition. */
  | { readonly do: "key"; readonly by: KeyNode }
  /** By key (or value), each key once. */
  | { readonly do: "distinct"; readonly by: KeyNode | null }
  | { readonly do: "frequencies" }
  | { readonly do: "foldBy"; readonly by: KeyNode; readonly fold: FoldFunctions }
  /** Evenly, in order: the producers' partitions `of` cut anew. */
  | { readonly do: "spread"; readonly of: number }
  /** Partition i to partition i. */
  | { readonly do: "place" };

export type BagSink =
  /** Items as chunks (chunks.ts): for stages that keep, and for the fold that collects. */
  | { readonly to: "items"; readonly limit?: number }
  | { readonly to: "exchange"; readonly partitions: number; readonly send: Send }
  | { readonly to: "fold"; readonly fold: BagFold }
  /** As a frame's part (kernels/frame/encode.ts). */
  | { readonly to: "frame"; readonly schema: Schema }
  /** A file a partition, and its URL as the one item. `digits` of the partition's number stand for "*". */
  | { readonly to: "write"; readonly url: string; readonly digits: number };

/** What all items are folded into: see folds.ts. */
export type BagFold =
  | { readonly do: "collect"; readonly results?: boolean; readonly limit?: number }
  | { readonly do: "fold"; readonly fold: FoldFunctions }
  | { readonly do: "reduce"; readonly fn: FoldFunctions["step"] }
  | { readonly do: "count" | "sum" | "mean" }
  | { readonly do: "std"; readonly ddof: number }
  /** The `count` greatest (or least) items, the first of equals first. `one`: gives the item itself. */
  | {
      readonly do: "best";
      readonly count: number;
      readonly least: boolean;
      readonly one: boolean;
      readonly by: KeyNode | null;
    }
  | { readonly do: "schema"; readonly types?: Readonly<Record<string, ScalarType>> };

/** The item of a task over values. */
export interface ValuesItem {
  readonly part: number;
  readonly values: ValueJson;
}

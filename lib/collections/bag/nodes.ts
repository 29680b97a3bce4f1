import type { CallableRef } from "../../callables/reference.ts";
import type { Ref } from "../../plan/plan.ts";
import type { ValueJson } from "../../values-json.ts";

/** What a Bag is: a description, as plain data. Lowering (plan/lower/bag.ts) makes a plan of it. */
export type BagNode = BagSource | BagOperation;

export type BagSource = SequenceNode | GlobNode | TextNode | JsonLinesNode | KeptBagNode;

export type BagOperation =
  | { readonly kind: "step"; readonly input: BagNode; readonly step: BagStep }
  | { readonly kind: "distinct"; readonly input: BagNode; readonly by: KeyNode | null; readonly partitions?: number }
  | { readonly kind: "groupBy"; readonly input: BagNode; readonly by: KeyNode; readonly partitions?: number }
  | {
      readonly kind: "foldBy";
      readonly input: BagNode;
      readonly by: KeyNode;
      readonly fold: FoldFunctions;
      readonly partitions?: number;
    }
  | { readonly kind: "frequencies"; readonly input: BagNode; readonly partitions?: number }
  | {
      readonly kind: "join";
      readonly input: BagNode;
      readonly other: BagNode;
      readonly by: KeyNode;
      readonly otherBy: KeyNode;
      readonly partitions?: number;
    }
  | { readonly kind: "zip"; readonly input: BagNode; readonly other: BagNode }
  | { readonly kind: "repartition"; readonly input: BagNode; readonly partitions: number };

/** Values of the program, a list a partition. */
export interface SequenceNode {
  readonly kind: "sequence";
  readonly parts: readonly ValueJson[];
  readonly items: number;
}

/** The URLs or paths that patterns match. */
export interface GlobNode {
  readonly kind: "glob";
  readonly paths: readonly string[];
}

export interface TextNode {
  readonly kind: "text";
  readonly paths: readonly string[];
  readonly options: TextOptions;
}

export interface JsonLinesNode {
  readonly kind: "jsonLines";
  readonly paths: readonly string[];
  readonly options: TextOptions;
  readonly onError: OnError;
}

/** Items that an earlier run kept. */
export interface KeptBagNode {
  readonly kind: "kept";
  readonly refs: readonly Ref[];
  readonly items: number;
  readonly bytes: number;
}

/** How lines are read. */
export interface TextOptions {
  /** Bytes a task reads, as a number or "64MB". Default "16MiB". It fixes the partitions; results are the same for any number of workers. */
  readonly blockSize?: number | string;
  /** Bytes that are not UTF-8: an error, or read as U+FFFD. Default "error". */
  readonly encodingErrors?: "error" | "replace";
}

/** What becomes of an item whose function fails: the run fails, the item is left out, or left out and told of (`results()`). */
export type OnError = "fail" | "skip" | "collect";

/** Operations on one item after the other: all that follow each other are one task. */
export type BagStep =
  | {
      readonly do: "map" | "filter" | "flatMap";
      readonly fn: CallableRef;
      /** What the function gets behind the item. */
      readonly args: readonly ValueJson[];
      readonly onError: OnError;
    }
  | {
      readonly do: "pluck";
      readonly key: string | number;
      /** For items that lack the key; absent: such an item is an error. */
      readonly otherwise?: ValueJson;
      readonly onError: OnError;
    };

/** What items are compared by: what a function gives for them, or one of their properties. */
export type KeyNode =
  { readonly by: "fn"; readonly fn: CallableRef } | { readonly by: "name"; readonly name: string | number };

/** `initial` is there anew for each partition (and key); `combine` makes one of two partitions' results, left before right. */
export interface FoldFunctions {
  readonly step: CallableRef;
  readonly initial: ValueJson;
  readonly combine: CallableRef;
}

/** What a BagItem is: one value made from a bag. */
export type BagItemNode =
  | { readonly kind: "fold"; readonly input: BagNode; readonly fold: FoldFunctions }
  | { readonly kind: "reduce"; readonly input: BagNode; readonly fn: CallableRef }
  | { readonly kind: "count" | "sum" | "mean" | "results"; readonly input: BagNode }
  | { readonly kind: "std"; readonly input: BagNode; readonly ddof: number }
  | { readonly kind: "min" | "max"; readonly input: BagNode; readonly by: KeyNode | null }
  | { readonly kind: "take"; readonly input: BagNode; readonly count: number }
  | { readonly kind: "topK"; readonly input: BagNode; readonly count: number; readonly by: KeyNode | null }
  | { readonly kind: "write"; readonly input: BagNode; readonly path: string }
  | { readonly kind: "keptValue"; readonly ref: Ref };

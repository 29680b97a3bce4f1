/**
 * From a bag's description to a plan. Steps (map, filter, flatMap, pluck) are fused into the stage that reads what they begin with. What
 * brings equal keys together is an exchange: a stage that sends (having aggregated what it can), and one that receives.
 *
 *     readText ▷ flatMap ▷ frequencies ▷ topK      send: 64 tasks read, split, count, cut their counts by hash into 8 partitions
 *                                                  meet: 8 tasks add up counts, keep the k greatest; folded into one list
 */
import type { BagItemNode, BagNode } from "../../collections/bag/nodes.ts";
import { InternalError, type JsonObject } from "../../errors.ts";
import type { BagFold, BagSink, Send } from "../../kernels/bag/params.ts";
import type { ScalarType, Schema } from "../../collections/schema.ts";
import type { Store } from "../../store/store.ts";
import { toUrl } from "../../store/urls.ts";
import { PLAN_VERSION, type Plan, type StageOutput } from "../plan.ts";
import { taskCount } from "../rules.ts";
import { closed, exchanged, met, metTwo, partitionsFor, type Pending } from "./bag/pending.ts";
import { openSource } from "./bag/sources.ts";
import { wordsOf } from "./bag/words.ts";

export interface LowerBagOptions {
  readonly store: Store;
  readonly signal?: AbortSignal;
}

/** What becomes of a bag's items at the end: all of them, kept by partition, a frame's rows, or what a BagItem says. */
export type BagEnd =
  | { readonly to: "collect" }
  | { readonly to: "keep" }
  | { readonly to: "frame"; readonly schema: Schema }
  | { readonly to: "schema"; readonly types?: Readonly<Record<string, ScalarType>> }
  | { readonly to: "item"; readonly node: Exclude<BagItemNode, { kind: "keptValue" }> };

export async function lowerBag(node: BagNode, end: BagEnd, options: LowerBagOptions): Promise<Plan> {
  const lowering = new Lowering(options);
  const pending = await lowering.open(node);
  const { sink, output } = endOf(end, pending);
  const stage = closed(pending, lowering.id("items"), sink, output);
  return { abanico: PLAN_VERSION, stages: [...pending.stages, stage], notes: lowering.notes };
}

class Lowering {
  readonly notes: string[] = [];
  readonly #options: LowerBagOptions;
  #ids = 0;

  constructor(options: LowerBagOptions) {
    this.#options = options;
  }

  id(what: string): string {
    this.#ids++;
    return this.#ids === 1 && what === "items" ? what : `${what}-${this.#ids}`;
  }

  async open(node: BagNode): Promise<Pending> {
    switch (node.kind) {
      case "sequence":
      case "glob":
      case "text":
      case "jsonLines":
      case "kept":
        return openSource(node, this.#options.store, this.#options.signal);
      case "step": {
        const pending = await this.open(node.input);
        return { ...pending, steps: [...pending.steps, node.step] };
      }
      case "zip":
      case "join":
        return this.#two(node);
      default:
        return this.#one(node);
    }
  }

  async #one(node: Extract<BagNode, { kind: "distinct" | "groupBy" | "foldBy" | "frequencies" | "repartition" }>) {
    const pending = await this.open(node.input);
    const send = sendOf(node, pending);
    const partitions = node.partitions ?? partitionsFor(pending, send.do);
    this.#note(node.kind, node.partitions, partitions, pending);
    const stages = exchanged(
      node.kind === "frequencies" ? countingWords(pending) : pending,
      this.id(node.kind),
      partitions,
      send,
    );
    const meet =
      node.kind === "foldBy"
        ? ({ do: "foldBy", fold: node.fold } as const)
        : ({ do: node.kind === "repartition" ? "concat" : node.kind } as const);
    return met(stages, meet, partitions, pending.bytes);
  }

  async #two(node: Extract<BagNode, { kind: "join" | "zip" }>): Promise<Pending> {
    const left = await this.open(node.input);
    const right = await this.open(node.other);
    const bytes = left.bytes + right.bytes;
    if (node.kind === "zip") {
      const [mine, other] = [taskCount(left.tasks), taskCount(right.tasks)];
      if (mine !== other) {
        // Which items meet is known only once all that lie before them are counted.
        this.notes.push(`zip brings all items into one partition, since one bag has ${mine} and the other ${other}`);
        const all = (of: number): Send => ({ do: "spread", of: Math.max(1, of) });
        const sent = exchanged(left, this.id("zip"), 1, all(mine));
        return metTwo(sent, exchanged(right, this.id("zip"), 1, all(other)), "zip", 1, bytes);
      }
      const place: Send = { do: "place" };
      const sent = exchanged(left, this.id("zip"), Math.max(1, mine), place);
      return metTwo(sent, exchanged(right, this.id("zip"), Math.max(1, mine), place), "zip", Math.max(1, mine), bytes);
    }
    const partitions = node.partitions ?? partitionsFor({ bytes }, "key");
    this.#note("join", node.partitions, partitions, { bytes });
    const sent = exchanged(left, this.id("join"), partitions, { do: "key", by: node.by });
    const other = exchanged(right, this.id("join"), partitions, { do: "key", by: node.otherBy });
    return metTwo(sent, other, "join", partitions, bytes);
  }

  #note(what: string, asked: number | undefined, partitions: number, { bytes }: Pick<Pending, "bytes">): void {
    const why = asked === undefined ? `from ${bytes} bytes of data` : "as asked for";
    this.notes.push(`${what} exchanges through ${partitions} ${partitions === 1 ? "partition" : "partitions"}, ${why}`);
  }
}

/** Where the steps do nothing but cut lines into words, these are counted from bytes. */
function countingWords(pending: Pending): Pending {
  const { reader, steps } = pending;
  const words = reader.from === "text" ? wordsOf(steps) : undefined;
  return reader.from === "text" && words !== undefined ? { ...pending, reader: { ...reader, words } } : pending;
}

function sendOf(
  node: Extract<BagNode, { kind: "distinct" | "groupBy" | "foldBy" | "frequencies" | "repartition" }>,
  { tasks }: Pending,
): Send {
  switch (node.kind) {
    case "distinct":
      return { do: "distinct", by: node.by };
    case "groupBy":
      return { do: "key", by: node.by };
    case "foldBy":
      return { do: "foldBy", by: node.by, fold: node.fold };
    case "frequencies":
      return { do: "frequencies" };
    case "repartition":
      return { do: "spread", of: taskCount(tasks) };
  }
}

function endOf(end: BagEnd, pending: Pending): { readonly sink: BagSink; readonly output: StageOutput } {
  switch (end.to) {
    case "collect":
      return { sink: { to: "items" }, output: foldOf({ do: "collect" }) };
    case "keep":
      return { sink: { to: "items" }, output: { kind: "keep" } };
    case "frame":
      return { sink: { to: "frame", schema: end.schema }, output: { kind: "keep" } };
    case "schema":
      return folded({ do: "schema", ...(end.types === undefined ? {} : { types: end.types }) });
    case "item":
      return itemEnd(end.node, pending);
  }
}

function itemEnd(node: Exclude<BagItemNode, { kind: "keptValue" }>, pending: Pending): ReturnType<typeof endOf> {
  switch (node.kind) {
    case "results":
      return { sink: { to: "items" }, output: foldOf({ do: "collect", results: true }) };
    case "take": {
      const limit = node.count;
      return { sink: { to: "items", limit }, output: { ...foldOf({ do: "collect", limit }), enough: limit } };
    }
    case "write": {
      const url = toUrl(node.path);
      const digits = String(Math.max(0, taskCount(pending.tasks) - 1)).length;
      if (!url.includes("*")) throw new InternalError("The path to write to has no place for the partition.");
      return { sink: { to: "write", url, digits }, output: foldOf({ do: "collect" }) };
    }
    case "min":
    case "max":
      return folded({ do: "best", count: 1, least: node.kind === "min", one: true, by: node.by });
    case "topK":
      return folded({ do: "best", count: node.count, least: false, one: false, by: node.by });
    case "std":
      return folded({ do: "std", ddof: node.ddof });
    case "fold":
      return folded({ do: "fold", fold: node.fold });
    case "reduce":
      return folded({ do: "reduce", fn: node.fn });
    default:
      return folded({ do: node.kind });
  }
}

function folded(fold: BagFold): ReturnType<typeof endOf> {
  return { sink: { to: "fold", fold }, output: foldOf(fold) };
}

function foldOf(fold: BagFold): Extract<StageOutput, { kind: "fold" }> {
  return { kind: "fold", fold: { op: "bag.fold", params: fold as unknown as JsonObject } }; // as in pending.ts
}

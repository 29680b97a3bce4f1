/**
 * From arrays to a plan. What only needs boxes of its inputs is computed with whatever asks for it, in one task; a stage ends where a node needs much of
 * its input for each chunk:
 *
 *     random ▷ sub ▷ mean(axis 0)            a stage whose tasks reduce a chunk each, and a fold
 *     x ▷ (x − x.mean(0)) ▷ std              partials of the mean; combined, chunk by chunk; then the rest, which reads the mean beside
 *     x ▷ rechunk (rows → columns)           an exchange, unless reading boxes of the old chunks is as good
 *     aᵀ ▷ matmul ▷ b                        few chunks of output: a reduction over the summed axis; many: a task for each
 */
import { Grid, chunkCount, equalChunks, type Chunks } from "../../collections/array/chunks.ts";
import { infoOf } from "../../collections/array/dtype.ts";
import type { ArrayNode } from "../../collections/array/nodes.ts";
import { sizeOf } from "../../collections/array/shape.ts";
import { OptionError, type JsonObject } from "../../errors.ts";
import type { ArrayCombineParams, ArrayRunParams, ArraySink, ProgramReduction } from "../../kernels/array/program.ts";
import { PLAN_VERSION, type OutputsOf, type Plan, type Stage, type StageOutput } from "../plan.ts";
import { estimateArray, isProduct } from "./array/estimate.ts";
import { inOrder, inputsOf } from "../../collections/array/graph.ts";
import { GEMM_NOTE, withGemm, type OtherGemm } from "./array/gemm.ts";
import { chunkNote } from "./array/chunk-advice.ts";
import { computedOften } from "./array/sharing.ts";
import { isMirrored } from "./array/pairs.ts";
import { outputsTogether } from "./array/outputs.ts";
import { makeProgram, type Materialised } from "./array/program.ts";
import { isReduction, reductionOf, type Reducing } from "./array/reducing.ts";
import { amplification, isLeafLike, isMade } from "./array/rechunk.ts";

/** Partials that one task combines. */
const FAN = 16;
/** Reading a chunk of the old grid up to this often is better than sending everything through an exchange. */
const REREADS = 1.5;

/** The chunks of one array, kept. */
export function lowerChunks(node: ArrayNode, gemm?: OtherGemm): Plan {
  const [own] = outputsTogether([node]);
  return new ArrayLowering(gemm).chunks(own);
}

/** Reductions that go through the same chunks: folded together. `undefined` where the nodes are not of that kind. */
export function lowerReductions(nodes: readonly ArrayNode[], gemm?: OtherGemm): ReducedPlan | undefined {
  return new ArrayLowering(gemm).reductions(outputsTogether(nodes));
}

export interface ReducedPlan {
  readonly plan: Plan;
  readonly reductions: readonly ProgramReduction[];
  /** How many elements each result is made of, by reduction. */
  readonly counts: readonly number[];
}

/** A sink for every chunk of an array, as for writing. */
export function lowerTo(
  node: ArrayNode,
  sink: (root: number) => ArraySink,
  output: StageOutput,
  gemm?: OtherGemm,
): Plan {
  const [own] = outputsTogether([node]);
  return new ArrayLowering(gemm).to(own, sink, output);
}

class ArrayLowering {
  readonly #stages: Stage[] = [];
  readonly #notes: string[] = [];
  readonly #kept = new Map<ArrayNode, Materialised>();
  readonly #gemm: OtherGemm | undefined;
  #ids = 0;

  constructor(gemm: OtherGemm | undefined) {
    this.#gemm = gemm;
  }

  chunks(node: ArrayNode): Plan {
    this.#materialise(node);
    return this.#plan();
  }

  to(node: ArrayNode, sink: (root: number) => ArraySink, output: StageOutput): Plan {
    if (isReduction(node) || node.op === "whole") this.#materialise(node);
    else this.#below(node);
    this.#last("chunks", node, sink, output);
    return this.#plan();
  }

  reductions(nodes: readonly ArrayNode[]): ReducedPlan | undefined {
    const together: Reducing[] = [];
    for (const node of nodes) {
      const reducing = reductionOf(node);
      if (reducing === undefined || !equalChunks(reducing.grid, (together[0] ?? reducing).grid)) return undefined;
      together.push(reducing);
    }
    const [first] = together;
    const inputs = together.flatMap((one) => one.inputs);
    this.#prepare(inputs);
    const { program, roots, beside } = makeProgram(inputs, this.#kept);
    const places = [...roots];
    const reductions = together.map((one) => one.over(places.splice(0, one.inputs.length)));
    const fold: StageOutput = {
      kind: "fold",
      fold: { op: "array.reduce", params: { reductions } as unknown as JsonObject },
    };
    const sink: ArraySink = { to: "reduce", reductions };
    const mirrored = isMirrored(program, reductions, first.grid);
    if (mirrored) this.#notes.push("a task reduces chunk [i, j] and chunk [j, i]: what both are made of is made once");
    const tasks = mirrored ? { pairs: true as const } : { order: first.order };
    this.#push("reduce", { program, grid: first.grid, ...tasks, sink }, beside, fold);
    return { plan: this.#plan(), reductions, counts: together.map(({ count }) => count) };
  }

  #plan(): Plan {
    return { abanico: PLAN_VERSION, stages: this.#stages, notes: this.#notes };
  }

  #id(what: string): string {
    this.#ids++;
    return `${what}-${this.#ids}`;
  }

  /** Makes the stages that a program over these nodes reads: of all that is below, and of themselves. */
  #prepare(nodes: readonly ArrayNode[]): void {
    for (const node of inOrder(nodes, (one) => (this.#kept.has(one) ? [] : inputsOf(one)))) {
      for (const operand of expensiveOperands(node)) this.#materialise(operand);
      if (needsStage(node)) this.#materialise(node);
    }
    for (const node of computedOften(nodes, (one) => this.#kept.has(one))) this.#materialise(node);
  }

  /** The same for a node that the next stage computes itself. */
  #below(node: ArrayNode): void {
    this.#prepare(inputsOf(node));
    for (const operand of expensiveOperands(node)) this.#materialise(operand);
  }

  #materialise(node: ArrayNode): void {
    if (this.#kept.has(node)) return;
    const reducing = reductionOf(node);
    let outputs: OutputsOf;
    if (node.op === "unique")
      throw new OptionError(
        "unique(…) has a length that is known only when it has run: nothing is made of it before.",
        {
          fix: "compute it first: fromArray((await unique(x).compute()).values).",
        },
      );
    if (reducing !== undefined) outputs = this.#reduced(node, reducing);
    else if (node.op === "whole") outputs = this.#whole(node);
    else {
      this.#below(node);
      outputs = this.#last("chunks", node, (root) => ({ to: "block", root }), { kind: "keep" });
    }
    this.#kept.set(node, { outputs, grid: node.chunks });
  }

  /** One task that reads its inputs whole. What is more than a reading of them is computed before, by many. */
  #whole(node: Extract<ArrayNode, { readonly op: "whole" }>): OutputsOf {
    const { inputs, fn, output } = node;
    for (const input of inputs) if (!isLeafLike(input) && chunkCount(input.chunks) > 1) this.#materialise(input);
    this.#prepare(inputs);
    return this.#run(fn.name, inputs, node.chunks, (roots) => ({ to: "whole", roots, fn, output }), { kind: "keep" });
  }

  /** A stage with a task for each chunk of a node. */
  #last(what: string, node: ArrayNode, sink: (root: number) => ArraySink, output: StageOutput): OutputsOf {
    if (isExchanged(node) && !this.#kept.has(node)) return this.#received(node, sink, output);
    return this.#run(what, [node], node.chunks, ([root]) => sink(root), output);
  }

  /** A change of chunks that goes through an exchange: the stage whose tasks receive. */
  #received(node: ArrayNode, sink: (root: number) => ArraySink, output: StageOutput): OutputsOf {
    const [input] = inputsOf(node);
    const partitions = chunkCount(node.chunks);
    const sent = this.#run("send", [input], input.chunks, ([root]) => ({ to: "sections", root, grid: node.chunks }), {
      kind: "exchange",
      partitions,
    });
    this.#notes.push(
      `rechunk goes through an exchange: ${sent.count} chunks are cut for ${partitions} others, and each is read once`,
    );
    const { shape, dtype, chunks } = node;
    const params: ArrayRunParams = { program: [{ op: "received", shape, dtype, chunks }], grid: chunks, sink: sink(0) };
    const id = this.#id("rechunk");
    this.#stages.push({
      id,
      work: { op: "array.run", params: params as unknown as JsonObject },
      tasks: { kind: "sections", stage: sent.stage, producers: sent.count, partitions },
      output,
      estimate: estimateArray(params),
    });
    return { stage: id, count: partitions };
  }

  /** Partials of each chunk, then rounds in which `FAN` of them become one. */
  #reduced(node: ArrayNode, { inputs, grid, order, over, partials, count }: Reducing): OutputsOf {
    this.#prepare(inputs);
    let reduction: ProgramReduction | undefined;
    let sent = this.#run(
      "partials",
      inputs,
      grid,
      (places) => {
        reduction = over(places);
        return { to: "reduce", reductions: [reduction] };
      },
      { kind: "keep" },
      order,
    );
    if (reduction === undefined) return sent;
    const places = chunkCount(node.chunks);
    for (let left = partials; ; left = Math.ceil(left / FAN)) {
      const last = left <= FAN;
      const params: ArrayCombineParams = {
        stage: sent.stage,
        partials: left,
        fan: Math.min(FAN, Math.max(1, left)),
        reduction,
        dtype: node.dtype,
        count,
        ...(last ? { finish: node.chunks } : {}),
      };
      const tasks = places * Math.max(1, Math.ceil(left / FAN));
      const bytes = 8 * sizeOf(node.chunks.map((axis) => Math.max(0, ...axis)));
      const stage: Stage = {
        id: this.#id("combine"),
        work: { op: "array.combine", params: params as unknown as JsonObject },
        tasks: { kind: "count", count: tasks },
        output: { kind: "keep" },
        estimate: { bytesIn: 0, peakBytes: { partials: 6 * bytes } },
        beside: [sent],
      };
      this.#stages.push(stage);
      sent = { stage: stage.id, count: tasks };
      if (last) return sent;
    }
  }

  #run(
    what: string,
    nodes: readonly ArrayNode[],
    grid: Chunks,
    sink: (places: readonly number[]) => ArraySink,
    output: StageOutput,
    order?: readonly number[],
  ): OutputsOf {
    const { program, roots, beside } = makeProgram(nodes, this.#kept);
    const ordered = order === undefined ? {} : { order };
    return this.#push(what, { program, grid, ...ordered, sink: sink(roots) }, beside, output);
  }

  #push(what: string, given: ArrayRunParams, beside: readonly OutputsOf[], output: StageOutput): OutputsOf {
    const id = this.#id(what);
    const params = withGemm(given, this.#gemm);
    if (params !== given && !this.#notes.includes(GEMM_NOTE)) this.#notes.push(GEMM_NOTE);
    const { count, counts } = new Grid(params.grid);
    const tasks = params.pairs === true ? (counts[0] * (counts[0] + 1)) / 2 : count;
    const note = isProduct(params.sink) ? undefined : chunkNote(params.grid, widthOf(params));
    if (note !== undefined && !this.#notes.includes(note)) this.#notes.push(note);
    this.#stages.push({
      id,
      work: { op: "array.run", params: params as unknown as JsonObject },
      tasks: { kind: "count", count: tasks },
      output,
      estimate: estimateArray(params),
      ...(beside.length > 0 ? { beside } : {}),
    });
    return { stage: id, count: tasks };
  }
}

/** Bytes of an element of what a stage computes. */
function widthOf({ program, sink }: ArrayRunParams): number {
  if (sink.to === "reduce") return infoOf(sink.reductions[0].dtype).bytes;
  return infoOf(program[sink.to === "whole" ? sink.roots[0] : sink.root].dtype).bytes;
}

/** Whether a node is no part of what asks for it, but has a stage of its own. */
function needsStage(node: ArrayNode): boolean {
  if (node.op === "whole" || (node.op === "local" && node.apart === true)) return true;
  return isReduction(node) || isExchanged(node);
}

/** Whether the chunks of a node are put together from parts that others send. */
function isExchanged(node: ArrayNode): boolean {
  return node.op === "rechunk" && amplification(node) > REREADS;
}

/** Operands that several tasks would compute again. */
function expensiveOperands(node: ArrayNode): ArrayNode[] {
  // Blocks that overlap read the chunks around them.
  if (node.op === "blocks" && node.depth?.some((depth) => depth > 0) === true)
    return node.inputs.filter((input) => input.op !== "kept" && !isMade(input));
  // Rows may be picked from anywhere: what they are picked from is made once.
  if (node.op === "local" && node.fn.name === "pick" && chunkCount(node.chunks) > 1)
    return node.inputs.slice(1).filter((input) => input.op !== "kept" && !isMade(input));
  if (node.op !== "matmul") return [];
  const [left, right] = node.inputs;
  const again = [node.chunks[1].length, node.chunks[0].length];
  return [left, right].filter((operand, i) => again[i] > 1 && !isLeafLike(operand));
}

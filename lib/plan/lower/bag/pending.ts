import type { BagStep } from "../../../collections/bag/nodes.ts";
import type { JsonObject } from "../../../errors.ts";
import type { BagParams, BagReader, BagSink, Meet, Send } from "../../../kernels/bag/params.ts";
import type { Estimate, Stage, StageOutput, TaskRule } from "../../plan.ts";
import { taskCount } from "../../rules.ts";

/** A part of a bag's plan that is still open: stages that are done, and what the next one will read and do. */
export interface Pending {
  readonly stages: readonly Stage[];
  readonly tasks: TaskRule;
  readonly reader: BagReader;
  readonly firsts?: readonly number[];
  /** Fused into the stage to come. */
  readonly steps: readonly BagStep[];
  /** Of the data, in bytes, as far as it is known: what the source has. */
  readonly bytes: number;
  /** Of one task's input at most, in bytes. */
  readonly taskBytes: number;
  /** Read from files by the stage to come, in bytes. */
  readonly bytesIn: number;
  /** What reading takes a task, in bytes, by name. */
  readonly readBytes: Estimate["peakBytes"];
}

/** Bytes of a partition where whole items meet. */
const MEET_BYTES = 16e6;
/** Where counts or partial folds meet, which mostly are much smaller than what they were made from. */
const PARTIAL_BYTES = 128e6;
const MOST_PARTITIONS = 1_000;
/** An item as an object takes about so many times its bytes. */
const OBJECTS = 4;
/** What is held of aggregates: keys beyond 200,000 are sent on. */
const HELD_BYTES = 64e6;

/**
 * Into how many partitions an exchange cuts: so that one of them fits into memory. A rule over bytes that the plan knows, never over
 * workers: the partitions fix the order of what comes out.
 */
export function partitionsFor({ bytes }: Pick<Pending, "bytes">, send: Send["do"]): number {
  const size = send === "frequencies" || send === "foldBy" ? PARTIAL_BYTES : MEET_BYTES;
  return Math.min(MOST_PARTITIONS, Math.max(1, Math.ceil(bytes / size)));
}

/** The stage that ends what is open. */
export function closed(pending: Pending, id: string, sink: BagSink, output: StageOutput): Stage {
  const { tasks, reader, steps, firsts, bytesIn } = pending;
  const params: BagParams = { source: reader, steps, sink, ...(firsts === undefined ? {} : { firsts }) };
  return {
    id,
    work: { op: "bag.run", params: params as unknown as JsonObject }, // plain JSON by its type, which lacks an index signature only
    tasks,
    output,
    estimate: { bytesIn, peakBytes: { ...pending.readBytes, ...outputBytes(pending, sink) } },
  };
}

function outputBytes({ taskBytes }: Pending, sink: BagSink): Estimate["peakBytes"] {
  if (sink.to === "fold") return { partial: 64 * 1024 };
  if (sink.to === "exchange" && (sink.send.do === "frequencies" || sink.send.do === "foldBy"))
    return { aggregates: Math.min(HELD_BYTES, OBJECTS * taskBytes), output: taskBytes };
  return { items: Math.min(HELD_BYTES, OBJECTS * taskBytes), output: 2 * taskBytes };
}

/** Sends what is open to partitions. `id` is unique in the plan. */
export function exchanged(pending: Pending, id: string, partitions: number, send: Send): Stage[] {
  const sink: BagSink = { to: "exchange", partitions, send };
  return [...pending.stages, closed(pending, id, sink, { kind: "exchange", partitions })];
}

/** What is open behind an exchange of one bag. */
export function met(stages: readonly Stage[], meet: Meet, partitions: number, bytes: number): Pending {
  const last = stages[stages.length - 1];
  const producers = taskCount(last.tasks);
  return behind(stages, { kind: "sections", stage: last.id, producers, partitions }, meet, bytes);
}

/** What is open behind the exchanges of two bags. */
export function metTwo(
  left: readonly Stage[],
  right: readonly Stage[],
  how: "join" | "zip",
  partitions: number,
  bytes: number,
): Pending {
  const [mine, other] = [left[left.length - 1], right[right.length - 1]];
  const producers = taskCount(mine.tasks);
  const and = { stage: other.id, producers: taskCount(other.tasks) };
  const rule = { kind: "sections", stage: mine.id, producers, partitions, and } as const;
  return behind([...left, ...right], rule, { do: how, left: producers }, bytes);
}

function behind(
  stages: readonly Stage[],
  tasks: Extract<TaskRule, { kind: "sections" }>,
  meet: Meet,
  bytes: number,
): Pending {
  const taskBytes = Math.ceil(bytes / tasks.partitions);
  const whole = meet.do === "concat" ? Math.min(HELD_BYTES, taskBytes) : OBJECTS * taskBytes;
  const isPartial = meet.do === "frequencies" || meet.do === "foldBy";
  const held = isPartial ? Math.min(2 * HELD_BYTES, whole) : whole;
  return {
    stages,
    tasks,
    reader: { from: "sections", meet },
    steps: [],
    bytes,
    taskBytes,
    bytesIn: 0,
    readBytes: { "what meets": Math.max(64 * 1024, held) },
  };
}

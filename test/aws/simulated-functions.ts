import { CsvError, fromErrorRecord, toErrorRecord } from "../../lib/errors.ts";
import { taskCount } from "../../lib/plan/rules.ts";
import { collect } from "../../lib/runtime/aws/collect.ts";
import type { CollectLimits } from "../../lib/runtime/aws/collect-limits.ts";
import {
  manifestKey,
  objectUrl,
  outputKey,
  planKey,
  requestKey,
  stagePrefix,
  stopKey,
} from "../../lib/runtime/aws/keys.ts";
import { lanesOf, queueOf } from "../../lib/runtime/aws/lanes.ts";
import { checksumOf, commit } from "../../lib/runtime/aws/outputs.ts";
import type { PartOf, RunRequest, TaskFacts, WorkInput, WorkMessage } from "../../lib/runtime/aws/protocol.ts";
import { doneOf, failedOf, putJson, putJsonOnce, putOnce, sizeAt } from "../../lib/runtime/aws/run-objects.ts";
import { outcomeKey } from "../../lib/runtime/aws/keys.ts";
import type { Services } from "../../lib/runtime/aws/services.ts";
import type { Functions } from "./simulated-machine.ts";
import { fixedTree, type Given, type Scenario } from "./simulated-scenario.ts";
import type { Simulation } from "./simulated-services.ts";

/**
 * Functions around the real Collect that do what the protocol says, by a script: Work gives what the scenario says, cuts and merges it at random (as copies of
 * a batch do that run out of time), and takes a while. So thousands of schedules are cheap, and Work's own habits are not relied on.
 */
export const RUN = "run";
const STAGE = "only";
const PLACE = { run: RUN, part: 0, stage: STAGE };

export async function prepare(
  { plan }: Scenario,
  services: Services,
  request: Partial<RunRequest> = {},
): Promise<void> {
  const what = { kind: "plan", plan } as const;
  await putJson(services, requestKey(RUN), { abanico: 1, run: RUN, createdAt: services.clock.now(), what, ...request });
  await putJson(services, planKey(RUN, 0), plan);
}

export function functionsOf(
  scenario: Scenario,
  simulation: Simulation,
  limits: Partial<CollectLimits>,
  asked?: number,
): Functions {
  const { count, size, plan } = scenario;
  const lanes = lanesOf(
    plan.stages[0],
    { size, batches: Math.ceil(count / size), seconds: 1, children: "EXPRESS" },
    asked,
  );
  return {
    advance: async ({ error }, services) => {
      const queue = `queue/${RUN}`;
      if ((await doneOf(services, PLACE)) !== undefined) return { action: "finish", run: RUN };
      const failed = await failedOf(services, RUN, 0);
      if (failed !== undefined) throw failed;
      if (error !== undefined) throw new Error(`${error.Error}: ${error.Cause}`);
      await putOnce(services, manifestKey(PLACE, 0), new TextEncoder().encode(linesOf(scenario)));
      let round = 0;
      while ((await sizeAt(services, manifestKey(PLACE, round + 1))) !== undefined) round++;
      const manifest = manifestKey(PLACE, round);
      const lines = new TextDecoder().decode(await services.store.get(objectUrl(services, manifest)));
      const batches = lines.split("\n").length - 1;
      const { bucket } = services;
      return {
        action: "stage",
        ...PLACE,
        round,
        queue,
        children: "EXPRESS",
        worker: "work",
        bucket,
        manifest,
        batches,
        lanes,
        collects: Array.from({ length: lanes.count }, (_, lane) => lane),
      };
    },
    work: (input, services) => work(input, services, scenario, simulation.random),
    collect: (input, services) => collect(input, services, limits),
    finish: async (_, services) => void (await putJsonOnce(services, outcomeKey(RUN), { ok: true })),
    fail: async ({ error }, services) => {
      const failed = await failedOf(services, RUN, 0);
      const record = failed === undefined ? { name: error?.Error, message: error?.Cause } : toErrorRecord(failed);
      await putJsonOnce(services, outcomeKey(RUN), { ok: false, error: record });
    },
  };
}

function linesOf({ count, size }: Scenario): string {
  let lines = "";
  for (let first = 0; first < count; first += size)
    lines += `${JSON.stringify({ first, count: Math.min(size, count - first) })}\n`;
  return lines;
}

async function work(input: WorkInput, services: Services, scenario: Scenario, random: () => number): Promise<object> {
  const { batch, lost } = input;
  const began = services.clock.now();
  const send = async (outcome: WorkMessage["outcome"]) => {
    const { lost: _, ...place } = input;
    const message: WorkMessage = { ...place, ms: services.clock.now() - began, worker: "w", outcome };
    await services.queues.send(queueOf(input, batch.first), [JSON.stringify(message)]);
  };
  if (lost !== undefined) {
    const error = fromErrorRecord({ tag: "WorkerDied", name: "WorkerDiedError", message: JSON.stringify(lost) });
    await send({ kind: "failed", task: batch.first, attempt: 1, error: toErrorRecord(error), lost: true });
    return {};
  }
  if (scenario.kind === "enough" && (await sizeAt(services, stopKey(input))) !== undefined) return {};
  // One in thirty takes fifty times as long.
  await services.clock.sleep(random() * 3_000 * (random() < 0.03 ? 50 : 1));
  const given: Given[] = [];
  for (let index = batch.first; index < batch.first + batch.count; index++) {
    const one = scenario.give(index, batch.from);
    if ("task" in one) {
      await sendAll(input, services, scenario, given, random, send);
      const error =
        one.row >= 0 && scenario.kind === "failing-ranges"
          ? new CsvError("Row {row} is bad.", { fields: { row: one.row, rowBase: "shard" } })
          : new RangeError(`task ${index} cannot`);
      await send({ kind: "failed", task: index, attempt: 2, error: toErrorRecord(error) });
      return {};
    }
    given.push(one);
  }
  await sendAll(input, services, scenario, given, random, send);
  return {};
}

/** Everything, in aligned subtrees of random size, in one message or several. */
async function sendAll(
  input: WorkInput,
  services: Services,
  scenario: Scenario,
  given: readonly Given[],
  random: () => number,
  send: (outcome: WorkMessage["outcome"]) => Promise<void>,
): Promise<void> {
  const { batch } = input;
  const stage = scenario.plan.stages[0];
  const merges = stage.output.kind === "fold" && stage.output.enough === undefined && stage.tasks.kind === "count";
  let parts: PartOf[] = [];
  let tasks: TaskFacts[] = [];
  const total = taskCount(stage.tasks);
  for (let at = 0; at < given.length;) {
    const first = batch.first + at;
    let level = 0;
    const fits = (next: number) =>
      first % 2 ** next === 0 && Math.min(first + 2 ** next, total) <= batch.first + given.length;
    while (merges && fits(level + 1) && 2 ** level < given.length && random() < 0.6) level++;
    const under = given.slice(at, at + 2 ** level);
    under.forEach(({ bytes, records, span }, i) =>
      tasks.push({
        index: first + i,
        recordsIn: records,
        recordsOut: records,
        bytesOut: bytes.byteLength,
        ms: 1,
        ...(span === undefined ? {} : { span }),
      }),
    );
    if (under[0].span?.doubt === undefined)
      parts.push(await partOf(input, services, scenario, first, level, mergedOf(scenario, under), random));
    at += under.length;
    if (at < given.length && random() > 0.2) continue;
    await send({ kind: "done", parts, tasks });
    [parts, tasks] = [[], []];
  }
}

function mergedOf({ kind }: Scenario, under: readonly Given[]): Uint8Array {
  if (kind !== "sum")
    return new TextEncoder().encode(
      fixedTree(
        under.map(({ bytes }) => new TextDecoder().decode(bytes)),
        (a, b) => `(${a}${b})`,
      ),
    );
  const values = under.map(({ bytes }) => new DataView(bytes.buffer).getFloat64(0, true));
  return new Uint8Array(Float64Array.of(fixedTree(values, (a, b) => a + b)).buffer);
}

async function partOf(
  input: WorkInput,
  services: Services,
  { kind }: Scenario,
  first: number,
  level: number,
  bytes: Uint8Array,
  random: () => number,
): Promise<PartOf> {
  if (kind !== "keep" && random() < 0.7) {
    const body = Buffer.from(bytes).toString("base64");
    return { first, level, size: bytes.byteLength, checksum: checksumOf(bytes), body };
  }
  const key = `${outputKey(input, first, input.batch.from)}${level === 0 ? "" : `^${level}`}`;
  return { first, level, ...(await commit(services, key, bytes)), key };
}

export const STAGE_PREFIX = stagePrefix(PLACE);
export { PLACE };

import type { Stage } from "../../plan/plan.ts";
import { taskCount } from "../../plan/rules.ts";
import { Bitset } from "../bitset.ts";
import { attemptOf } from "./attempts.ts";
import { newestHead, type Restored, type SavedStage } from "./checkpoint.ts";
import type { StagePlace } from "./keys.ts";
import { windowOf, type Window } from "./lanes.ts";
import type { Batch, Lanes, StageRef } from "./protocol.ts";
import { doneOf, type Bucket } from "./run-objects.ts";

/** A stage as it was begun: its batches have so many tasks. */
interface Begun {
  readonly stage: Stage;
  readonly size: number;
  readonly lanes: Lanes;
}

/**
 * What is left of a stage that an attempt before has begun: the tasks that Collect's newest checkpoint does not have (that of each lane which is not done), and the repairs that it
 * waits for. Never empty: of a map over nothing nobody says what Step Functions does.
 */
export async function leftOf(bucket: Bucket, place: StagePlace, begun: Begun): Promise<Iterable<Batch>> {
  const { lanes } = begun;
  const numbers = lanes.count === 1 ? [undefined] : Array.from({ length: lanes.count }, (_, lane) => lane);
  const left = await Promise.all(numbers.map((lane) => leftOfLane(bucket, place, begun, lane)));
  return atLeastOne(left);
}

async function leftOfLane(
  bucket: Bucket,
  place: StagePlace,
  { stage, size, lanes }: Begun,
  lane: number | undefined,
): Promise<Iterable<Batch>> {
  const own = lane === undefined ? place : { ...place, lane };
  if (lane !== undefined && (await doneOf(bucket, own)) !== undefined) return [];
  const window = windowOf(taskCount(stage.tasks), lanes, lane);
  const head = await newestHead(bucket, own);
  return missing(head?.stage, window, size);
}

function* atLeastOne(lists: readonly Iterable<Batch>[]): Generator<Batch> {
  let isEmpty = true;
  for (const list of lists)
    for (const batch of list) {
      isEmpty = false;
      yield batch;
    }
  // Collect has all, and only has to end.
  if (isEmpty) yield { first: 0, count: 0 };
}

/** Tasks whose output has come, and waits for others, are not missing either. Those that failed are: what they failed of may be gone. */
function* missing(saved: SavedStage | undefined, { start, end }: Window, size: number): Generator<Batch> {
  const stop = saved?.count ?? end;
  const had = new Bitset(end);
  for (const [from, to] of saved?.done ?? []) had.add(from, to);
  for (const { facts } of [...(saved?.gated ?? []), ...(saved?.inOrder ?? [])]) had.add(facts.index);
  const repairs = saved?.repairs.open ?? [];
  for (const { task } of repairs) had.add(task);
  for (let first = start; first < stop; first++) {
    if (had.has(first)) continue;
    const block = Math.min(stop, (Math.floor(first / size) + 1) * size);
    let next = first + 1;
    while (next < block && !had.has(next)) next++;
    yield { first, count: next - first };
    first = next - 1;
  }
  for (const { task, from } of repairs.toSorted((a, b) => a.task - b.task)) yield { first: task, count: 1, from };
}

/**
 * What Collect goes on from. Of an attempt before, what came is what counts: not what failed or was broken then, nor the time that has passed since. `now`: in milliseconds
 * since 1970.
 */
export function resumedFrom(
  restored: Restored | undefined,
  input: Pick<StageRef, "round">,
  now: number,
): Restored | undefined {
  if (restored === undefined || attemptOf(restored.checkpoint) >= attemptOf(input)) return restored;
  const { n, parts, checkpoint } = restored;
  const { stage, movedAt } = checkpoint;
  const tally = { ...stage.tally, startedAt: stage.tally.startedAt + (now - movedAt) };
  return { n, parts, checkpoint: { ...checkpoint, broken: {}, stage: { ...stage, failures: [], tally } } };
}

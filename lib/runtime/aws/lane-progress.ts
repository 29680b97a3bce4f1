import { progressKey } from "./keys.ts";
import type { CollectInput, StageProgress } from "./protocol.ts";
import { progressOf } from "./lane-objects.ts";
import { putJson, type Bucket } from "./run-objects.ts";

/** UTF-16 code units of what was printed that are kept, as of a lane. */
const PRINTED_UNITS = 64 * 1024;

/** Tells how far a stage of several lanes is, by what each of them has told. */
export async function tellOfAll(services: Bucket, input: CollectInput, now: number): Promise<void> {
  const { run, part, stage, lanes } = input;
  const place = { run, part, stage };
  const told = Array.from({ length: lanes?.count ?? 0 }, (_, lane) => progressOf(services, { ...place, lane }));
  const [before, ...each] = await Promise.all([progressOf(services, place), ...told]);
  await putJson(services, progressKey(place), together(stage, before, each, now));
}

/** `before`: what was told last of all of them. What is printed stays in the order in which it was told. */
export function together(
  stage: string,
  before: StageProgress | undefined,
  lanes: readonly (StageProgress | undefined)[],
  now: number,
): StageProgress {
  const sum = (of: (lane: StageProgress) => number) =>
    lanes.reduce((total, lane) => total + (lane === undefined ? 0 : of(lane)), 0);
  const printed = [...(before?.printed ?? [])];
  let { printedBefore = 0 } = before ?? {};
  const printedOf = lanes.map((lane, i) => {
    const seen = before?.printedOf?.[i] ?? 0;
    const { printed: pieces = [], printedBefore: gone = 0 } = lane ?? {};
    printed.push(...pieces.slice(Math.max(0, seen - gone)));
    return Math.max(seen, gone + pieces.length);
  });
  let units = printed.reduce((total, { text }) => total + text.length, 0);
  while (units > PRINTED_UNITS) {
    units -= printed.shift()?.text.length ?? 0;
    printedBefore++;
  }
  return {
    stage,
    tasks: sum(({ tasks }) => tasks),
    done: sum(({ done }) => done),
    attempts: sum(({ attempts }) => attempts),
    recordsIn: sum(({ recordsIn }) => recordsIn),
    bytesOut: sum(({ bytesOut }) => bytesOut),
    busyMs: sum(({ busyMs }) => busyMs),
    at: now,
    printed,
    printedBefore,
    printedOf,
  };
}

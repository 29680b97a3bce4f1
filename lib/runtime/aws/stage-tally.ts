import type { PartOf, StageDone, StageProgress, TaskFacts, WorkMessage } from "./protocol.ts";

/** What Collect adds up of a stage. Plain data: it goes into checkpoints as it is. */
export interface TallyState {
  /** Tasks whose outputs count. */
  accepted: number;
  attempts: number;
  recordsIn: number;
  recordsOut: number;
  bytesOut: number;
  busyMs: number;
  batches: number;
  workMs: number;
  workMbMs: number;
  messages: number;
  objects: number;
  collectMs: number;
  collectMbMs: number;
  /** Milliseconds since 1970. */
  startedAt: number;
  /** How long the last batches took, in milliseconds. */
  batchMs: number[];
  printed: NonNullable<WorkMessage["printed"]>[number][];
  printedBefore: number;
}

const LAST_BATCHES = 255;
/** UTF-16 code units of what was printed that are kept. */
const PRINTED_UNITS = 64 * 1024;

export class StageTally {
  readonly state: TallyState;

  constructor(state: number | TallyState) {
    this.state = typeof state === "number" ? emptyTally(state) : structuredClone(state);
  }

  /** A message with something new. */
  message({ ms, memoryMb = 0, printed = [], outcome }: WorkMessage): void {
    const { state } = this;
    state.batches++;
    state.workMs += ms;
    state.workMbMs += ms * memoryMb;
    if (outcome.kind === "done") {
      state.batchMs.push(ms);
      if (state.batchMs.length > LAST_BATCHES) state.batchMs.shift();
    }
    state.printed.push(...printed);
    let units = state.printed.reduce((sum, { text }) => sum + text.length, 0);
    while (units > PRINTED_UNITS) {
      units -= state.printed.shift()?.text.length ?? 0;
      state.printedBefore++;
    }
  }

  accept({ recordsIn, recordsOut, bytesOut, ms }: TaskFacts): void {
    const { state } = this;
    state.accepted++;
    state.recordsIn += recordsIn;
    state.recordsOut += recordsOut;
    state.bytesOut += bytesOut;
    state.busyMs += ms;
  }

  part({ key }: PartOf): void {
    if (key !== undefined) this.state.objects++;
  }

  /** What a batch takes, in milliseconds: the median of late. */
  get medianMs(): number {
    const sorted = this.state.batchMs.toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  }

  done(repaired: StageDone["repaired"], folded: boolean, now: number): StageDone {
    const { accepted: tasks, attempts, recordsIn, recordsOut, bytesOut, busyMs, startedAt } = this.state;
    const { batches, workMs, workMbMs, messages, objects, collectMs, collectMbMs } = this.state;
    return {
      tasks,
      attempts,
      recordsIn,
      recordsOut,
      bytesOut,
      busyMs,
      wallMs: now - startedAt,
      repaired,
      folded,
      usage: { batches, workMs, workMbMs, messages, objects, collectMs, collectMbMs },
    };
  }

  progress(stage: string, tasks: number, now: number): StageProgress {
    const { accepted: done, attempts, recordsIn, bytesOut, busyMs, printed, printedBefore } = this.state;
    return { stage, tasks, done, attempts, recordsIn, bytesOut, busyMs, at: now, printed, printedBefore };
  }
}

function emptyTally(startedAt: number): TallyState {
  return {
    accepted: 0,
    attempts: 0,
    recordsIn: 0,
    recordsOut: 0,
    bytesOut: 0,
    busyMs: 0,
    batches: 0,
    workMs: 0,
    workMbMs: 0,
    messages: 0,
    objects: 0,
    collectMs: 0,
    collectMbMs: 0,
    startedAt,
    batchMs: [],
    printed: [],
    printedBefore: 0,
  };
}

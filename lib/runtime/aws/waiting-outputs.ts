import type { Held, Stored } from "./held-partial.ts";
import type { TaskFacts } from "./protocol.ts";

/** What a task gave. */
export interface Output {
  readonly facts: TaskFacts;
  /** Where the stage folds. */
  readonly held?: Held;
}

/** One of them in a checkpoint. `stored`: where its bytes lie; null: among the checkpoint's parts; absent: there are none. */
export interface WaitingState {
  readonly facts: TaskFacts;
  readonly stored?: Stored | null;
}

export type WaitingOutputs = Map<number, Output>;

/** For a checkpoint: bytes that lie nowhere else are added to `parts`. */
export function saveWaiting(outputs: WaitingOutputs, parts: Uint8Array[]): WaitingState[] {
  return [...outputs.values()].map(({ facts, held }) => {
    if (held === undefined) return { facts };
    if (held.stored === undefined && held.bytes !== undefined) parts.push(held.bytes);
    return { facts, stored: held.stored ?? null };
  });
}

/** Takes from `parts`, in the same order. */
export function restoreWaiting(states: readonly WaitingState[], parts: Iterator<Uint8Array>): WaitingOutputs {
  return new Map(
    states.map(({ facts, stored }) => {
      if (stored === undefined) return [facts.index, { facts }];
      if (stored !== null) return [facts.index, { facts, held: { stored, size: stored.size, exact: true } }];
      const bytes = parts.next().value as Uint8Array; // saved with it
      return [facts.index, { facts, held: { bytes, size: bytes.byteLength, exact: true } }];
    }),
  );
}

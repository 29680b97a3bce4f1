import type { Collection, CollectionKind } from "../collections/collection.ts";
import { InternalError } from "../errors.ts";
import type { RunEvent, Runtime } from "../runtime/runtime.ts";
import type { Store } from "../store/store.ts";
import type { Gemm } from "./gemm.ts";
import { frameRunner } from "./run-frame.ts";

/** What a run of a collection needs. */
export interface RunnerHost {
  readonly runtime: Runtime;
  readonly store: Store;
  /** What makes products of matrices; absent: our own kernel. */
  readonly gemm?: Gemm;
  readonly onEvent: (event: RunEvent) => void;
}

/** How one kind of collection is run: lowered to a plan, run, and its result made into what the user gets. */
export interface Runner<C, T> {
  compute(collection: C, host: RunnerHost, signal: AbortSignal): Promise<T>;
  /** The same collection over what the runtime keeps. */
  persist(collection: C, host: RunnerHost, signal: AbortSignal): Promise<C>;
  explain(collection: C, host: RunnerHost): Promise<string>;
  /** Forgets what a persisted collection keeps. */
  release(collection: C, host: RunnerHost): Promise<void>;
}

/** By kind; all but the frames' are loaded when first asked for. */
const runners: Partial<Record<CollectionKind, () => unknown>> = {
  frame: () => frameRunner,
  array: async () => (await import("./run-array.ts")).arrayRunner,
  bag: async () => (await import("./run-bag.ts")).bagRunner,
  images: async () => (await import("./run-images.ts")).imagesRunner,
  delayed: async () => (await import("./run-delayed.ts")).delayedRunner,
};

export async function runnerOf<T, C extends Collection<T>>(collection: C): Promise<Runner<C, T>> {
  const load = runners[collection.kind];
  if (load === undefined) throw new InternalError(`No runner runs a collection of kind "${collection.kind}".`);
  return (await load()) as Runner<C, T>; // the table above says which kind each runs
}

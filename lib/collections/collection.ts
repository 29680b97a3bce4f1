import { noteCollection } from "./delayed/made.ts";
import { executor, type ComputeOptions } from "./executor.ts";

/** The kinds of collections there are: a client has one runner for each (client/runners.ts). */
export type CollectionKind = "frame" | "array" | "bag" | "images" | "delayed";

/**
 * A lazy description of a result T to come: what every collection is. Nothing is read or run until `compute`, `persist`, or a
 * method that says so.
 */
export abstract class Collection<T> {
  abstract readonly kind: CollectionKind;

  constructor() {
    // From here on results of tasks may hold one.
    noteCollection();
  }

  /** Runs, and gives the result. */
  async compute(options?: ComputeOptions): Promise<T> {
    return (await executor()).compute(this, options);
  }

  /** Runs, and keeps the result with the client's workers (in memory, on disk beyond its limit): a collection that starts from there. */
  async persist(options?: ComputeOptions): Promise<this> {
    return (await executor()).persist(this, options);
  }

  /** What would run: shards, bytes, memory per task, what was fused and pushed down. Reads no more than a sample. */
  async explain(): Promise<string> {
    return (await executor()).explain(this);
  }

  /** The description, a line an operation. */
  abstract toString(): string;

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

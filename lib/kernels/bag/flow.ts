/**
 * Items on their way through a task: lists of them are pushed from step to step, down to what gathers them. A push is synchronous as long as
 * everything below it is; only where a user's function gives a promise does it give one too, and whoever pushed waits for it. So a
 * pipeline of plain functions costs no promise at all.
 */
export type MaybePromise<T> = T | Promise<T>;

export interface Flow {
  /** Takes items, in order. The list may be the user's own: it is neither changed nor kept. */
  push(items: readonly unknown[]): MaybePromise<void>;
  /** Nothing more is needed. */
  readonly full: boolean;
}

/** What `await` would wait for. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function";
}

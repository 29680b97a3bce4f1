import type { CallHandle } from "../../runtime/calls/calls.ts";

/** A Future carries under this where its result comes from: a call's handle, or a run that ends in this process. */
export const HANDLE: unique symbol = Symbol.for("abanico.handle");

export type HeldSource = Pick<CallHandle, "key" | "result"> | CallHandle;

/** Where the result of a Future comes from; undefined for anything else. */
export function heldSource(value: object): HeldSource | undefined {
  return HANDLE in value ? (value[HANDLE] as HeldSource) : undefined; // what carries it, is a client's
}

/** Whether the workers have the result. */
export function isHandle(source: HeldSource): source is CallHandle {
  return "share" in source;
}

import { CancelledError } from "../errors.ts";

/** Throws `CancelledError`, with the signal's reason as its cause, when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

export function cancelled(signal: AbortSignal): CancelledError {
  return new CancelledError("cancelled while reading or writing", { cause: signal.reason });
}

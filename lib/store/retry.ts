import { setTimeout as wait } from "node:timers/promises";
import { AbanicoError, StoreFaultError } from "../errors.ts";
import { cancelled, throwIfAborted } from "./abort.ts";

/** When and how often to try again. Plain values but for the hooks, which tests replace. */
export interface RetryOptions {
  /** Attempts in all. Default 6: with the default delays a fault may last about 3 seconds on average, 6 at most. */
  readonly attempts?: number;
  /** Upper bound of the first delay, in milliseconds; it doubles with each attempt. Default 200. */
  readonly baseMs?: number;
  /** Upper bound of any delay, in milliseconds. Default 10,000. */
  readonly capMs?: number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly onRetry?: (error: AbanicoError, attempt: number, delayMs: number) => void;
}

/**
 * Runs `operation` until it succeeds, fails for good (an error that is not `retryable`), or has used its attempts.
 *
 * Between attempts it waits a random time below a bound that doubles (exponential back-off with full jitter), so that many
 * workers that were throttled together do not come back together.
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
  signal?: AbortSignal,
): Promise<T> {
  const { attempts = 6, baseMs = 200, capMs = 10_000, sleep = defaultSleep, random = Math.random, onRetry } = options;
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await operation(attempt);
    } catch (error) {
      if (!(error instanceof AbanicoError) || !error.retryable) throw error;
      if (attempt >= attempts) throw attempts === 1 ? error : exhausted(error, attempts);
      const delayMs = random() * Math.min(capMs, baseMs * 2 ** (attempt - 1));
      onRetry?.(error, attempt, delayMs);
      await sleep(delayMs, signal);
    }
  }
}

function exhausted(error: AbanicoError, attempts: number): StoreFaultError {
  const [sentence] = error.message.split("\n  fix:");
  return new StoreFaultError(`${sentence} (${attempts} attempts)`, {
    fields: { ...error.fields, attempts },
    ...(error.fix === undefined ? {} : { fix: error.fix }),
    cause: error,
    retryable: true,
  });
}

async function defaultSleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted === true ? cancelled(signal) : error;
  }
}

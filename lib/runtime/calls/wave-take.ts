import type { CallNode } from "./node.ts";

/** How many calls a job takes. */
export interface Take {
  /** It is full when its calls are expected to take this long, in milliseconds. */
  readonly ms: number;
  /** What a call of a function counts that was never called before, in milliseconds. */
  readonly unknownMs: number;
  /** So many it takes in any case, and no more than `most`. */
  readonly least: number;
  readonly most: number;
  /** Of those that are ready it takes no more than this. */
  readonly ready: number;
  /** Whether a call that waits for this job alone comes along, at no cost, `beside` being how many wait for the same. Undefined: it does, and counts as any other. */
  readonly follows: ((node: CallNode, beside: number) => boolean) | undefined;
}

/** Where nothing is known, a wave has so many jobs. */
const JOBS = 256;
/** Where calls are known to take long, it may have so many, about what an account may run at once; and never more than `MOST_JOBS`. */
const WIDE = 900;
const MOST_JOBS = 4_096;
/** A job of calls that are known takes at least this long, in milliseconds: starting one takes a good part of a second. */
const JOB_MS = 5_000;
/** What follows on a call that others follow on, too, comes along where all of them together take no longer than this, in milliseconds: less than another wave does. */
const ASIDE_MS = 1_000;
/** More than this makes a job's bytes, and what is told of it, needlessly large. */
const LARGEST_JOB = 16_384;

/**
 * What a job of a wave takes, `ready` calls being ready at the wave's beginning. Every one of them goes out: a wave of a hundred thousand calls is a few hundred jobs. What waits for a job
 * alone and is all that its calls are needed for (a chain, a tree that is put together) comes along, since it could not run beside anything: a chain is one job, however long.
 */
export function waveTake(ready: number, first: CallNode): Take {
  const eachMs = first.fn?.ms;
  // Quick calls may be made by whoever plans the wave (aws/replayed-waves.ts), but not with one beside them of which nobody knows what it takes.
  const isQuick = eachMs !== undefined && eachMs <= ASIDE_MS;
  const ms = eachMs === undefined ? JOB_MS : Math.max(JOB_MS, (ready * eachMs) / WIDE);
  return {
    ms,
    // A little less, for rounding.
    unknownMs: ((1 - 1e-9) * ms) / Math.ceil(ready / JOBS),
    least: Math.ceil(ready / MOST_JOBS),
    most: LARGEST_JOB,
    ready: Infinity,
    follows: ({ fn }, beside) => {
      if (fn?.ms === undefined) return beside === 1 && !isQuick;
      return beside === 1 || fn.ms * beside <= ASIDE_MS;
    },
  };
}

/** Whether two sides computed the same thing. A fast wrong answer is worth nothing. */
import type { Answer } from "./job.ts";

const TOLERANCE = 1e-9;

/** The first difference as a sentence, or undefined if there is none. */
export function difference(expected: Answer, actual: Answer): string | undefined {
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  for (const key of [...keys].sort()) {
    const a = expected[key];
    const b = actual[key];
    if (a === undefined) return `group ${JSON.stringify(key)} should not be there`;
    if (b === undefined) return `group ${JSON.stringify(key)} is missing`;
    // Written so that a NaN differs.
    if (!(Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)))) {
      return `group ${JSON.stringify(key)}: expected ${a}, got ${b}`;
    }
  }
  return undefined;
}

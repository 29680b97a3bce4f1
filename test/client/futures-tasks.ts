import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { taskContext } from "../../lib/callables/context.ts";

/** Functions for the tests of futures, as a program would have them: in a module, loaded by fromModule. */
export class Shortage extends RangeError {
  readonly missing: number;

  constructor(missing: number) {
    super(`short of ${missing}`);
    this.missing = missing;
  }
}

export function takeFrom(stock: number, amount: number): number {
  if (amount > stock) throw new Shortage(amount - stock);
  return stock - amount;
}

/** Tells that it runs, and ends when its signal says so. */
export async function untilTold(): Promise<string> {
  const { signal, progress } = told();
  progress(0);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  progress(1);
  return "told";
}

function told() {
  const context = taskContext();
  return { signal: context.signal, progress: (fraction: number) => context.progress(fraction) };
}

/** Works only where a file is. */
export function whereFileIs(path: string): number {
  if (!existsSync(path)) throw new Error("not yet");
  return 5;
}

/** Fails until it is tried for the nth time. */
export function thirdTime(n: number): string {
  const { attempt } = taskContext();
  if (attempt < n) throw new Error(`attempt ${attempt}`);
  return `attempt ${attempt}`;
}

export function whoami(): { key: string; name: string | undefined; attempt: number; worker: number } {
  const { key, name, attempt, worker } = taskContext();
  taskContext().progress(0.5);
  return { key, name, attempt, worker };
}

export async function after(ms: number, value: string): Promise<string> {
  await sleep(ms);
  return value;
}

let made = 0;

/** How often this thread was asked. */
export function countUp(): number {
  return ++made;
}

let seen: object | undefined;

/** Whether this thread was given this very object before. */
export function sameAgain(value: object): boolean {
  const same = seen === value;
  seen = value;
  return same;
}

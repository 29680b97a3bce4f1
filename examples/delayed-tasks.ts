/** The functions of delayed-fibonacci.ts: a module of its own, so that they may call each other wherever they run. */
import { delayed, type Delayed } from "../lib/index.ts"; // in your program: from "abanico"

export const add = delayed((a: number, b: number) => a + b);

/** A task that returns a Delayed: it is continued, and no worker waits for it. Of a pure function equal calls are one. */
export const fib = delayed((n: number): number | Delayed<number> => (n <= 1 ? n : add(fib(n - 1), fib(n - 2))), {
  pure: true,
});

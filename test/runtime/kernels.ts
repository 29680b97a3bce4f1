import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CsvError, OptionError, SchemaWidenedError, StoreFaultError, type JsonObject } from "../../lib/errors.ts";
import type { Fold, Kernel, TaskOutput } from "../../lib/kernels/kernel.ts";
import type { TaskInput } from "../../lib/plan/plan.ts";

/** What the runtimes' tests compute: kernels and folds used through the op "call". */

const out = (value: unknown, recordsIn = 1, recordsOut = 1): TaskOutput => ({ value, recordsIn, recordsOut });
const indexOf = (input: TaskInput): number => (input.kind === "index" ? input.index : -1);
const num = (value: unknown): number => (typeof value === "number" ? value : 0);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

// Folds.

/** Sums of doubles: addition that is not associative, so that the bits show the order. */
export const sum = (): Fold<number, number> => ({
  empty: () => 0,
  merge: (a, b) => a + b,
  finish: (a) => a,
  encode: (a) => new Uint8Array(Float64Array.of(a).buffer),
  decode: (bytes) => new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true),
});

/** Texts one behind the other, with brackets that show the tree. */
export const join2 = ({ appends, enough }: JsonObject): Fold<string, string> => ({
  empty: () => "",
  merge: (a, b) => `(${a}${b})`,
  finish: (a) => a,
  encode: (a) => new TextEncoder().encode(a),
  decode: (bytes) => new TextDecoder().decode(bytes),
  ...(appends === true ? { appends: true } : {}),
  ...(enough === true ? { amount: (a: string) => a.split(",").length - 1 } : {}),
});

/** Vectors of doubles, added up: encodings large enough to be merged by workers and spilled. */
export const vectorSum = (): Fold<Float64Array, Float64Array> => ({
  empty: () => new Float64Array(0),
  // Into its argument, as a fold may.
  merge: (a, b) => {
    for (let i = 0; i < a.length; i++) a[i] += b[i];
    return a;
  },
  finish: (a) => a,
  encode: (a) => new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
  decode: (bytes) =>
    bytes.byteOffset % 8 === 0
      ? new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
      : new Float64Array(bytes.slice().buffer),
});

export const badMerge = (): Fold<number, number> => ({
  ...sum(),
  merge: () => {
    throw new RangeError("cannot merge");
  },
});

// Kernels.

/** A double that depends on the index alone, of widely varying magnitude. */
export const hostileAt = (index: number): number => Math.sin(index + 1) * 10 ** ((index * 7) % 30);
export const hostile: Kernel = (_, input) => out(hostileAt(indexOf(input)), 2, 1);
export const one: Kernel = () => out(1);
export const named: Kernel = (_, input) => out(`${indexOf(input)},`);
export const vector: Kernel = ({ length }, input) =>
  out(Float64Array.from({ length: num(length) }, (_, i) => hostileAt(indexOf(input) + i)));

/** Takes longer the lower its index: outcomes come in the wrong order. */
export const slowFirst: Kernel = async (_, input) => {
  const index = indexOf(input);
  await new Promise((resolve) => setTimeout(resolve, index % 4 === 0 ? 12 : 0));
  return out(`${index},`);
};

export const bytesOf: Kernel = ({ length }, input) => {
  const bytes = new Uint8Array(num(length)).fill(indexOf(input) & 255);
  return out(bytes, 1, 1);
};

export const item: Kernel = (_, input) => out(input.kind === "item" ? `${JSON.stringify(input.item)},` : "?");

/** Adds up the bytes behind its refs. */
export const sumBytes: Kernel = async (_, input, context) => {
  let sum = 0;
  let read = 0;
  for (const ref of input.kind === "refs" ? input.refs : []) {
    const bytes = await context.fetch(ref);
    read += bytes.byteLength;
    for (const byte of bytes) sum += byte;
  }
  return out(sum, read);
};

/** Passes the bytes behind its ref on, each one larger. */
export const increment: Kernel = async (_, input, context) => {
  if (input.kind !== "refs") throw new Error("refs expected");
  const bytes = await context.fetch(input.refs[0]);
  return out(bytes.slice().map((byte) => byte + 1));
};

/** Numbers index·per … by remainder into partitions, as float64 bytes. */
export const scatter: Kernel = ({ per, partitions }, input) => {
  const sections: number[][] = Array.from({ length: num(partitions) }, () => []);
  for (let i = 0; i < num(per); i++) {
    const value = indexOf(input) * num(per) + i;
    sections[value % num(partitions)].push(value);
  }
  return out(
    sections.map((section) => new Uint8Array(Float64Array.from(section).buffer)),
    num(per),
    num(per),
  );
};

/** `partition:sum,` of the numbers in its sections. */
export const gatherSections: Kernel = async (_, input, context) => {
  let sum = 0;
  let count = 0;
  let section = -1;
  for (const ref of input.kind === "refs" ? input.refs : []) {
    section = ref.section ?? -1;
    for (const value of new Float64Array((await context.fetch(ref)).slice().buffer)) {
      sum += value;
      count++;
    }
  }
  return out(`${section}:${sum},`, count, 1);
};

export const wrongShape: Kernel = ({ shape }) => out(shape === "text" ? "no bytes" : [new Uint8Array(1)]);
export const noOutput: Kernel = () => undefined as never; // a kernel written in JavaScript may do that

let given: Uint8Array | undefined;
/** The same large buffer for every task. */
export const sameBuffer: Kernel = () => out((given ??= new Uint8Array(100_000).fill(1)));
export const rawBytes = (): Fold<Uint8Array, Uint8Array> => ({
  empty: () => new Uint8Array(),
  merge: (a) => a,
  finish: (a) => a,
  encode: (a) => a,
  decode: (bytes) => bytes,
  appends: true,
});

// Faults. How often something has happened is counted by files in `dir`: workers share no memory, and may die.

function countUp(dir: string, name: string): number {
  mkdirSync(dir, { recursive: true });
  for (let n = 1; ; n++)
    try {
      closeSync(openSync(join(dir, `${name}-${n}`), "wx"));
      return n;
    } catch {
      // Counted before: the next.
    }
}

/** `fail(task, first `times` attempts)`, in the way that `how` says; all others give `1`. */
export const fault: Kernel = async ({ dir, task, times, how }, input, context) => {
  if (indexOf(input) === num(task) && countUp(text(dir), `fault-${num(task)}`) <= num(times)) {
    if (how === "flaky") throw new StoreFaultError("503 SlowDown", { retryable: true });
    if (how === "plain") throw new TypeError("boom", { cause: new RangeError("the root of it") });
    if (how === "option") throw new OptionError("not this", { fields: { depth: 3 }, fix: "another." });
    if (how === "exit") process.exit(7);
    if (how === "loop") for (;;);
    if (how === "hang") await new Promise(() => setInterval(() => {}, 1_000));
    if (how === "wait") await aborted(context.signal);
    if (how === "unhandled") {
      void Promise.reject(new Error("nobody waits for this"));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (how === "memory") allocate();
  }
  return out(1);
};

/** Task 0 takes a while and gives; task `task` fails at once. */
export const lateFault: Kernel = async ({ task }, input) => {
  if (indexOf(input) === num(task)) throw new TypeError("not needed");
  await new Promise((resolve) => setTimeout(resolve, 15));
  return out(`${indexOf(input)},`);
};

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to stop"))));
}

function allocate(): void {
  const kept: number[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i * 1.5));
}

/** Leaves a file when it starts, and takes `ms`. */
export const traced: Kernel = async ({ dir, ms }, input) => {
  const index = indexOf(input);
  mkdirSync(text(dir), { recursive: true });
  writeFileSync(join(text(dir), `ran-${index}`), "");
  await new Promise((resolve) => setTimeout(resolve, num(ms)));
  return out(`${index},`);
};
export const ran = (dir: string, index: number): boolean => existsSync(join(dir, `ran-${index}`));

/**
 * Lines of a file of digits and newlines, "guess, verify, repair" in small: a range guesses that a record starts after the first
 * newline at or after its start − 1. A `"` opens and closes a quoted stretch in which newlines do not count, so guesses may be wrong.
 * A line "!" is an error, "?" one that widens.
 */
export const lines: Kernel = async (_, input, context) => {
  if (input.kind !== "range") throw new Error("a range expected");
  const whole = new TextDecoder().decode(await context.store.get(input.source.url));
  const trusted = input.from !== undefined || input.rangeIndex === 0;
  let at = input.from ?? input.start;
  if (!trusted) {
    const newline = whole.indexOf("\n", input.start - 1);
    at = newline < 0 ? whole.length : newline + 1;
  }
  const from = at;
  let value = "";
  let rows = 0;
  const give = (next: number, doubt?: string) => ({
    ...out(value, rows, rows),
    span: { from, next, ...(doubt === undefined ? {} : { doubt }) },
  });
  while (at < input.end) {
    const end = endOfLine(whole, at);
    const line = whole.slice(at, end).trimEnd();
    if (line === "!" || line === "?") {
      if (!trusted) return give(at, `a "${line}"`);
      if (line === "?") throw new SchemaWidenedError("wider", { fields: { columns: { a: "float64" } } });
      throw new CsvError(`Row {row} of ${input.source.url} is bad.`, {
        fields: { row: rows, rowBase: "shard", offset: at },
      });
    }
    value += `${JSON.stringify(line)},`;
    rows++;
    at = end;
  }
  return give(Math.max(at, from));
};

function endOfLine(whole: string, from: number): number {
  let quoted = false;
  for (let i = from; i < whole.length; i++) {
    if (whole[i] === '"') quoted = !quoted;
    if (whole[i] === "\n" && !quoted) return i + 1;
  }
  return whole.length;
}

export const readCount = (dir: string, name: string): number => {
  for (let n = 0; ; n++) if (!existsSync(join(dir, `${name}-${n + 1}`))) return n;
};
export const readText = (path: string): string => readFileSync(path, "utf8");

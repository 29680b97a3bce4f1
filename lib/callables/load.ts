import vm from "node:vm";
import { CallableError } from "../errors.ts";
import { importBundle } from "./bundle.ts";
import { recordPrinted } from "./console.ts";
import { builtinAt } from "./globals.ts";
import { isOwn, loadOwn } from "./own.ts";
import { identityOf, type CallableRef } from "./reference.ts";
import { RAW } from "./registry.ts";
import { shimsFor } from "./shims.ts";

/** A function that was made from its reference. */
export type Loaded = (...args: unknown[]) => unknown;

/** What this thread has loaded: by the reference object, which is quick, and by what it says. */
const byRef = new WeakMap<CallableRef, Loaded>();
const byContent = new Map<string, Loaded>();
const CONTENTS_KEPT = 10_000;

/** The function, if this thread has loaded it before. */
export function loadedCallable(ref: CallableRef): Loaded | undefined {
  const known = byRef.get(ref);
  if (known !== undefined) return known;
  const same = byContent.get(identityOf(ref));
  if (same !== undefined) byRef.set(ref, same);
  return same;
}

/**
 * Makes a function from its reference; once a thread. In a worker, what is printed from then on is recorded (see `takePrinted`).
 *
 * @throws {CallableError} if its module is another than the program's, or has no such export.
 */
export async function loadCallable(ref: CallableRef): Promise<Loaded> {
  const known = loadedCallable(ref);
  if (known !== undefined) return known;
  recordPrinted();
  const loaded = unwrapped(await load(ref), ref);
  byRef.set(ref, loaded);
  // What was loaded first goes first; should it come again, it is loaded again.
  for (const oldest of byContent.keys())
    if (byContent.size >= CONTENTS_KEPT) byContent.delete(oldest);
    else break;
  byContent.set(identityOf(ref), loaded);
  return loaded;
}

async function load(ref: CallableRef): Promise<unknown> {
  if (ref.kind === "inline") return compile(ref);
  if (ref.kind === "builtin") return isOwn(ref.name) ? loadOwn(ref.name) : builtinAt(ref.name);
  return exportOf(await importBundle(ref), ref);
}

/** The text before an inline function's source in what is compiled; on the same line, so that lines are counted from the source's. */
function preludeOf(source: string, strict: boolean): string {
  // A block, so that stand-ins are no globals; its value is that of its last statement.
  return `${strict ? '"use strict"; ' : ""}{ ${shimsFor(source)}(`;
}

/** The name under which stacks speak of an inline function. Its imports are resolved from there; without a file from the working folder. */
export function fileNameOf({ file, name }: Extract<CallableRef, { kind: "inline" }>): string {
  return file ?? `abanico-inline/${name === "" ? "function" : name}`;
}

function compile(ref: Extract<CallableRef, { kind: "inline" }>): unknown {
  try {
    return evaluate(ref, true);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // It is from a script that is not strict, and uses what strict code may not.
    return evaluate(ref, false);
  }
}

/** How scripts find what they import: as the program's own modules do. */
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
let warned = false;

/** Node warns, once a thread, of the option above, when a script that has it imports. Whoever wrote `import()` can do nothing about it. */
function takeWarning(): void {
  if (warned) return;
  warned = true;
  const { emitWarning } = process;
  const without = (...given: unknown[]): void => {
    if (!String(given[0]).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER")) Reflect.apply(emitWarning, process, given);
  };
  process.emitWarning = without;
  try {
    new vm.Script('import("node:path")', { importModuleDynamically }).runInThisContext();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function evaluate(ref: Extract<CallableRef, { kind: "inline" }>, strict: boolean): unknown {
  const prelude = preludeOf(ref.source, strict);
  const text = `${prelude}${ref.source}\n) }`;
  if (/\bimport\b/.test(text)) takeWarning();
  const script = new vm.Script(text, {
    filename: fileNameOf(ref),
    lineOffset: (ref.line ?? 1) - 1,
    columnOffset: -prelude.length,
    importModuleDynamically,
  });
  return script.runInThisContext();
}

function exportOf(
  namespace: Readonly<Record<string, unknown>>,
  ref: Extract<CallableRef, { kind: "module" }>,
): unknown {
  const [first, member] = Object.hasOwn(namespace, ref.name) ? [ref.name] : ref.name.split(".");
  const found = namespace[first];
  if (member === undefined) return found;
  return found === undefined || found === null ? undefined : Reflect.get(Object(found), member);
}

/** What a wrapper carries, where it is one. */
function unwrapped(found: unknown, ref: CallableRef): Loaded {
  const raw: unknown = typeof found === "function" ? (Reflect.get(found, RAW) ?? found) : found;
  // Any function may be called with any arguments.
  if (typeof raw === "function") return raw as Loaded;
  throw new CallableError(`${describe(ref)} is ${found === undefined ? "not there" : "no function"}.`, {
    fields: { ...ref },
    fix: "export it, and run the program again.",
  });
}

function describe(ref: CallableRef): string {
  if (ref.kind === "inline") return `The inline function ${ref.name}`;
  return ref.kind === "builtin" ? `The built-in function ${ref.name}` : `The export "${ref.name}" of ${ref.bundle}`;
}

import { readFileSync, statSync } from "node:fs";
import { isAbsolute, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { LIBRARY_URL } from "../root.ts";

/** A place in the user's program: a path, and a line from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface Frame extends Place {
  /** As the stack has it: a path or a URL. */
  readonly at: string;
  /** From 1. */
  readonly column: number;
}

/** This library's own folder, lib or dist. */
export const LIBRARY = fileURLToPath(LIBRARY_URL);
/** Frames of ours above the user's: no call goes deeper. */
const DEPTH = 32;
/** A file beyond this, in bytes, is not searched for where a function begins. */
const LARGEST_FILE = 4 << 20;

/** The frames of a stack that name a file, the innermost first. */
export function framesOf(stack: string): Frame[] {
  const frames: Frame[] = [];
  for (const text of stack.split("\n")) {
    const match = /^\s+at (?:.* \()?(.+?):(\d+):(\d+)\)?$/.exec(text);
    if (match === null) continue;
    const [, at, line, column] = match;
    const file = at.startsWith("file:") ? fileURLToPath(at) : at;
    if (isAbsolute(file)) frames.push({ at, file, line: Number(line), column: Number(column) });
  }
  return frames;
}

/** Where the program called this library: the innermost frame that is neither the library's nor Node's. */
export function callSite(): Place | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const stack: unknown = new Error().stack;
  Error.stackTraceLimit = limit;
  const frame = typeof stack === "string" ? framesOf(stack).find(({ file }) => !isOurs(file)) : undefined;
  return frame && { file: frame.file, line: frame.line };
}

function isOurs(file: string): boolean {
  return file.startsWith(LIBRARY) && !file.slice(LIBRARY.length).includes(`node_modules${sep}`);
}

/**
 * The line on which a function that was given at a place begins. Where the file's text is not what runs (a compiler's input), the place
 * itself: mostly the same line.
 */
export function lineOfSource(source: string, { file, line }: Place): number {
  const text = readText(file);
  if (text === undefined) return line;
  // Type stripping leaves blanks where types were: then the text before the first of them is sought.
  const [beginning] = source.split(/\s{2,}|\n/, 1);
  return nearest(text, source, line) ?? (beginning.length < 6 ? undefined : nearest(text, beginning, line)) ?? line;
}

function nearest(text: string, part: string, line: number): number | undefined {
  let best: number | undefined;
  let lineAt = 1;
  let from = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    lineAt += newlines(text, from, at);
    from = at;
    if (best === undefined || Math.abs(lineAt - line) < Math.abs(best - line)) best = lineAt;
    if (lineAt > line) break;
  }
  return best;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

export function readText(file: string): string | undefined {
  try {
    return statSync(file).size > LARGEST_FILE ? undefined : readFileSync(file, "utf8");
  } catch {
    return undefined; // it only serves to say more in an error
  }
}

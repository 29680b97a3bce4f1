import { inspect } from "node:util";
import { AbanicoError, toErrorRecord, type ErrorRecord } from "../errors.ts";
import { UsageError } from "./usage.ts";

export interface ReportOptions {
  readonly json: boolean;
  readonly debug: boolean;
  /** Paints the word "error". */
  readonly mark: (text: string) => string;
}

/** An error as a person reads it: message, fix, what is behind it; with `debug` all of it, with `json` a record. */
export function reportError(error: unknown, { json, debug, mark }: ReportOptions): string {
  if (json) return JSON.stringify({ error: debug ? toErrorRecord(error) : withoutStack(toErrorRecord(error)) });
  if (debug) return `${mark("error:")} ${inspect(error, { depth: 8 })}`;
  const message = error instanceof Error ? error.message : String(error);
  const lines = [`${mark("error:")} ${message}`, ...causes(error)];
  if (error instanceof UsageError && error.fix !== undefined) lines.push(`  fix: ${error.fix}`);
  if (!(error instanceof AbanicoError) && !(error instanceof UsageError))
    lines.push("  This is none of the errors that Abanico foresees; --debug shows where it comes from.");
  return lines.join("\n");
}

/** Causes whose message says something new. */
function causes(error: unknown): string[] {
  const lines: string[] = [];
  let said = error instanceof Error ? error.message : "";
  for (let at = error; at instanceof Error && lines.length < 8; at = at.cause) {
    if (at === error || said.includes(at.message)) continue;
    said += at.message;
    lines.push(`  cause: ${at.message.replaceAll("\n", "\n  ")}`);
  }
  return lines;
}

function withoutStack({ stack: _, cause, ...rest }: ErrorRecord): ErrorRecord {
  return { ...rest, ...(cause === undefined ? {} : { cause: withoutStack(cause) }) };
}

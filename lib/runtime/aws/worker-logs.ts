import { AbanicoError, fromErrorRecord, toErrorRecord } from "../../errors.ts";
import type { Cloud } from "./cloud.ts";

/** Logs are a help and no more: after this the error goes without them. In milliseconds. */
const PATIENCE_MS = 5_000;
const LINES = 20;
/** Errors of functions that died: what they said last is in their logs only. */
const DIED = ["WorkerDied", "TaskTimeout", "Stalled", "Internal"];
/** How long ago a run may have begun whose start is not known, in milliseconds. */
const BACK_MS = 3_600_000;

/** The error with the last lines of the functions' logs that speak of the run, where a function died. */
export async function withLogs(cloud: Cloud, run: string, error: Error): Promise<Error> {
  if (!(error instanceof AbanicoError) || !DIED.includes(error.tag)) return error;
  const given: unknown = error.fields["requestId"];
  const texts = typeof given === "string" ? [given, run] : [run];
  const patience = new AbortController();
  try {
    const lines = await Promise.race([
      linesOf(cloud, texts),
      cloud.clock.sleep(PATIENCE_MS, patience.signal).then((): string[] => []),
    ]);
    return lines.length === 0 ? error : withLines(error, lines);
  } catch {
    return error; // the error itself is what matters
  } finally {
    patience.abort();
  }
}

async function linesOf(cloud: Cloud, texts: readonly string[]): Promise<string[]> {
  const since = cloud.clock.now() - BACK_MS;
  for (const text of texts) {
    const lines: string[] = [];
    for await (const line of cloud.logs({ text, since, limit: 200 }))
      if (tells(line.text)) lines.push(line.text.trimEnd());
    if (lines.length > 0) return lines.slice(-LINES);
  }
  return [];
}

/** What a function says of its end, or of an error. */
function tells(text: string): boolean {
  return /error|timed out|exited|signal|memory|exception|"level":"(WARN|ERROR|CRITICAL)"/i.test(text);
}

/** The same error, that says more. */
export function withLines(error: AbanicoError, lines: readonly string[]): Error {
  const { fix } = error;
  const record = toErrorRecord(error);
  const head = fix === undefined ? record.message : record.message.replace(`\n  fix: ${fix}`, "");
  const log = lines.map((line) => `\n    ${line}`).join("");
  return fromErrorRecord({
    ...record,
    message: `${head}\n  log of the function:${log}${fix === undefined ? "" : `\n  fix: ${fix}`}`,
    fields: { ...record.fields, log: lines },
  });
}

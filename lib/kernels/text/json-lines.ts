import { TextError } from "../../errors.ts";
import type { TaskInput } from "../../plan/plan.ts";
import { failedRecord } from "../bag/chunks.ts";
import type { Flow, MaybePromise } from "../bag/flow.ts";
import type { BagReader } from "../bag/params.ts";
import type { Failures } from "../bag/steps.ts";
import type { Place } from "../bag/user-errors.ts";
import type { Span, TaskContext } from "../kernel.ts";
import { readLines, type LineBlock } from "./lines.ts";

/** A JSON text a line (https://jsonlines.org); blank lines are passed over. */
export function readJsonLines(
  range: Extract<TaskInput, { kind: "range" }>,
  context: TaskContext,
  options: Extract<BagReader, { from: "jsonLines" }>,
  flow: Flow,
  failures: Failures,
  { partition }: Place,
): Promise<{ readonly recordsIn: number; readonly span: Span }> {
  const { url } = range.source;

  const fail = (error: unknown, block: LineBlock, i: number): void => {
    const text = block.lines[i];
    const fields = { url, offset: block.offsetOf(i) };
    const index = block.before + i;
    if (options.onError === "skip") return;
    if (options.onError === "fail") throw notJson(error, text, { ...fields, row: index + 1, rowBase: "shard" });
    failures.push(failedRecord(text, error, { step: "readJsonLines", partition, index, fields }));
  };

  const use = (block: LineBlock): MaybePromise<void> => {
    const values: unknown[] = [];
    for (let i = 0; i < block.lines.length; i++) {
      const text = block.lines[i];
      try {
        values.push(JSON.parse(text));
      } catch (error) {
        if (text.trim() !== "") fail(error, block, i);
      }
    }
    return values.length === 0 ? undefined : flow.push(values);
  };

  return readLines(range, context, options, use, flow);
}

function notJson(
  error: unknown,
  text: string,
  fields: { readonly url: string; readonly offset: number; readonly row: number; readonly rowBase: string },
): TextError {
  const shown = text.length > 200 ? `${text.slice(0, 199)}…` : text;
  const why = error instanceof Error ? error.message : String(error);
  return new TextError(
    `${fields.url} has a line that is no JSON (line {row}, which starts at byte ${fields.offset}): ${JSON.stringify(shown)}: ${why}.`,
    {
      fields: { ...fields, text: shown },
      cause: error,
      fix: 'correct the line, or read on without it: readJsonLines(…, { onError: "skip" }) or "collect".',
    },
  );
}

import { formatCallable, formatKey, formatStep } from "../collections/bag/format.ts";
import type { BagFold, BagParams, BagReader, BagSink, Send } from "../kernels/bag/params.ts";

/** A stage over a bag's items as people read it: what it reads, does and gathers. */
export function explainBagStage({ source, steps, sink }: BagParams): string[] {
  return [`read      ${readText(source)}`, ...steps.map(formatStep), ...sinkLines(sink)].map((line) => `  ${line}`);
}

function readText(reader: BagReader): string {
  switch (reader.from) {
    case "values":
      return "values of the program";
    case "text":
      return reader.words === undefined ? "lines" : `lines; ${reader.words.shown} counted from bytes`;
    case "jsonLines":
      return "JSON lines";
    case "chunks":
      return "kept items";
    case "sections":
      return `what meets: ${reader.meet.do}`;
  }
}

function sinkLines(sink: BagSink): string[] {
  switch (sink.to) {
    case "items":
      return [`gather    ${sink.limit === undefined ? "all items" : `the first ${sink.limit}`}`];
    case "exchange":
      return [`send      ${sendText(sink.send)}`];
    case "fold":
      return [`fold      ${foldText(sink.fold)}`];
    case "frame":
      return [`columns   ${sink.schema.map(({ name, type }) => `${name} ${type}`).join(", ")}`];
    case "write":
      return [`write     ${sink.url}`];
  }
}

function sendText(send: Send): string {
  switch (send.do) {
    case "key":
      return `by ${formatKey(send.by)}`;
    case "distinct":
      return send.by === null ? "each value once" : `each ${formatKey(send.by)} once`;
    case "frequencies":
      return "counts of equal items";
    case "foldBy":
      return `folds by ${formatKey(send.by)}: ${formatCallable(send.fold.step)}`;
    case "spread":
      return "evenly, in order";
    case "place":
      return "each partition to its counterpart";
  }
}

function foldText(fold: BagFold): string {
  switch (fold.do) {
    case "best":
      return `the ${fold.count} ${fold.least ? "least" : "greatest"}${fold.by === null ? "" : ` by ${formatKey(fold.by)}`}`;
    case "fold":
      return formatCallable(fold.fold.step);
    case "reduce":
      return formatCallable(fold.fn);
    default:
      return fold.do;
  }
}

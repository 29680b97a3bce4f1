import { encodingAt, operationsAt } from "../collections/images/json.ts";
import { booleanAt, objectAt, oneOfAt, textAt, wholeAt, type PlainObject } from "../collections/plain.ts";

/** Checks the parameters of "images.run" and "images.sheet". */
export function checkImages(params: PlainObject, path: string): void {
  objectAt(params, path, ["reading", "operations", "sink", "onError"]);
  const reading = objectAt(params["reading"], `${path}.reading`);
  wholeAt(reading["maxPixels"], `${path}.reading.maxPixels`, 1);
  wholeAt(reading["maxBytes"], `${path}.reading.maxBytes`, 1);
  for (const flag of ["orient", "ignoreIcc", "allPages", "keepMetadata"])
    booleanAt(reading[flag], `${path}.reading.${flag}`);
  operationsAt(params["operations"], `${path}.operations`);
  checkSink(objectAt(params["sink"], `${path}.sink`), `${path}.sink`);
  oneOfAt(params["onError"], `${path}.onError`, ["fail", "skip", "collect"]);
}

function checkSink(sink: PlainObject, path: string): void {
  const to = oneOfAt(sink["to"], `${path}.to`, [
    "bytes",
    "store",
    "metadata",
    "statistics",
    "histogram",
    "cell",
    "kept",
    "pixels",
  ]);
  encodingAt(sink["encoding"], `${path}.encoding`);
  if (to === "store") {
    textAt(sink["template"], `${path}.template`);
    textAt(sink["base"], `${path}.base`);
    booleanAt(sink["onlyNew"], `${path}.onlyNew`);
  }
  if (to === "cell") checkCell(sink, path);
}

function checkCell(cell: PlainObject, path: string): void {
  wholeAt(cell["width"], `${path}.width`, 1);
  wholeAt(cell["height"], `${path}.height`, 1);
  textAt(cell["background"], `${path}.background`);
}

export function checkSheetParams(params: PlainObject, path: string): void {
  checkCell(params, path);
  if (params["columns"] !== undefined) wholeAt(params["columns"], `${path}.columns`, 1);
  wholeAt(params["gap"], `${path}.gap`);
  wholeAt(params["maxPixels"], `${path}.maxPixels`, 1);
  encodingAt(params["encoding"], `${path}.encoding`);
  if (params["to"] !== undefined) textAt(params["to"], `${path}.to`);
}

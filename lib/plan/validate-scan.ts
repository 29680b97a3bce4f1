import { arrayAt, objectAt, oneOfAt, type PlainObject } from "../collections/plain.ts";
import { FILE_FORMATS } from "../kernels/formats/sources.ts";
import { checkFields, checkSink, checkStep, checkWhole } from "./validate-frame.ts";

/** Checks the parameters of "frame.scan": columns, steps and sink, expression by expression. The CSV format's inside is the reader's to check. */
export function checkScan(params: PlainObject, path: string): void {
  objectAt(params, path, ["source", "columns", "steps", "sink", "whole"]);
  const source = objectAt(params["source"], `${path}.source`);
  if (oneOfAt(source["format"], `${path}.source.format`, ["csv", "frame", ...FILE_FORMATS]) === "csv")
    checkFields(objectAt(source["csv"], `${path}.source.csv`)["columns"], `${path}.source.csv.columns`);
  checkFields(params["columns"], `${path}.columns`);
  arrayAt(params["steps"], `${path}.steps`).forEach((step, i) => checkStep(step, `${path}.steps[${i}]`));
  checkSink(params["sink"], `${path}.sink`);
  if (params["whole"] !== undefined) checkWhole(params["whole"], `${path}.whole`);
}

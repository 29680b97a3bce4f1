import { aggregateAt, expressionAt } from "../collections/check-expression.ts";
import {
  arrayAt,
  booleanAt,
  objectAt,
  oneOfAt,
  textAt,
  textsAt,
  wholeAt,
  type PlainObject,
} from "../collections/plain.ts";
import { SCALAR_TYPES } from "../collections/schema.ts";
import { FILE_FORMATS } from "../kernels/formats/sources.ts";

/** Checks the parameters of "frame.scan": columns, steps and sink, expression by expression. The CSV format's inside is the reader's to check. */
export function checkScan(params: PlainObject, path: string): void {
  objectAt(params, path, ["source", "columns", "steps", "sink"]);
  const source = objectAt(params["source"], `${path}.source`);
  if (oneOfAt(source["format"], `${path}.source.format`, ["csv", "frame", ...FILE_FORMATS]) === "csv")
    checkColumns(objectAt(source["csv"], `${path}.source.csv`)["columns"], `${path}.source.csv.columns`);
  checkColumns(params["columns"], `${path}.columns`);
  arrayAt(params["steps"], `${path}.steps`).forEach((step, i) => checkStep(step, `${path}.steps[${i}]`));
  checkSink(params["sink"], `${path}.sink`);
}

function checkColumns(value: unknown, path: string): void {
  arrayAt(value, path).forEach((column, i) => {
    const { name, type } = objectAt(column, `${path}[${i}]`);
    textAt(name, `${path}[${i}].name`);
    oneOfAt(type, `${path}[${i}].type`, SCALAR_TYPES);
  });
}

function checkStep(value: unknown, path: string): void {
  if (oneOfAt(objectAt(value, path)["do"], `${path}.do`, ["filter", "assign"]) === "filter") {
    const { condition, keep } = objectAt(value, path, ["do", "condition", "keep"]);
    expressionAt(condition, `${path}.condition`);
    if (keep !== undefined) textsAt(keep, `${path}.keep`);
    return;
  }
  const { columns } = objectAt(value, path, ["do", "columns"]);
  named(columns, `${path}.columns`, expressionAt);
}

function checkSink(value: unknown, path: string): void {
  if (oneOfAt(objectAt(value, path)["to"], `${path}.to`, ["collect", "group"]) === "collect") {
    const { columns, limit } = objectAt(value, path, ["to", "columns", "limit"]);
    textsAt(columns, `${path}.columns`);
    if (limit !== undefined) wholeAt(limit, `${path}.limit`);
    return;
  }
  const { keys, aggregates, keepNulls } = objectAt(value, path, ["to", "keys", "aggregates", "keepNulls"]);
  textsAt(keys, `${path}.keys`);
  named(aggregates, `${path}.aggregates`, aggregateAt);
  booleanAt(keepNulls, `${path}.keepNulls`);
}

function named(value: unknown, path: string, check: (value: unknown, path: string) => unknown): void {
  arrayAt(value, path).forEach((item, i) => {
    const { name, value: inner } = objectAt(item, `${path}[${i}]`, ["name", "value"]);
    textAt(name, `${path}[${i}].name`);
    check(inner, `${path}[${i}].value`);
  });
}

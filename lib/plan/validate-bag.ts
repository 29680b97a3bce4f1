import { callableAt, foldAt, keyAt, stepAt } from "../collections/bag/json-nodes.ts";
import { arrayAt, objectAt, oneOfAt, textAt, wholeAt, type PlainObject } from "../collections/plain.ts";
import { SCALAR_TYPES } from "../collections/schema.ts";
import type { BagFold, Send } from "../kernels/bag/params.ts";

/** Checks the parameters of "bag.run": what is read, the steps, where items end. */
export function checkBag(params: PlainObject, path: string): void {
  objectAt(params, path, ["source", "steps", "sink", "firsts"]);
  checkReader(params["source"], `${path}.source`);
  arrayAt(params["steps"], `${path}.steps`).forEach((step, i) => stepAt(step, `${path}.steps[${i}]`));
  checkSink(params["sink"], `${path}.sink`);
  if (params["firsts"] !== undefined)
    arrayAt(params["firsts"], `${path}.firsts`).forEach((first, i) => wholeAt(first, `${path}.firsts[${i}]`));
}

function checkReader(value: unknown, path: string): void {
  const reader = objectAt(value, path);
  const from = oneOfAt(reader["from"], `${path}.from`, ["values", "text", "jsonLines", "chunks", "sections"]);
  if (from === "text" || from === "jsonLines")
    oneOfAt(reader["encodingErrors"], `${path}.encodingErrors`, ["error", "replace"]);
  if (from === "jsonLines") oneOfAt(reader["onError"], `${path}.onError`, ["fail", "skip", "collect"]);
  if (from !== "sections") return;
  const at = `${path}.meet`;
  const meet = objectAt(reader["meet"], at, ["do", "fold", "left"]);
  const how = oneOfAt(meet["do"], `${at}.do`, [
    "concat",
    "distinct",
    "groupBy",
    "frequencies",
    "foldBy",
    "join",
    "zip",
  ]);
  if (how === "foldBy") foldAt(meet["fold"], `${at}.fold`);
  if (how === "join" || how === "zip") wholeAt(meet["left"], `${at}.left`);
}

function checkSink(value: unknown, path: string): void {
  const sink = objectAt(value, path);
  switch (oneOfAt(sink["to"], `${path}.to`, ["items", "exchange", "fold", "frame", "write"])) {
    case "items":
      if (sink["limit"] !== undefined) wholeAt(sink["limit"], `${path}.limit`);
      return;
    case "exchange":
      wholeAt(sink["partitions"], `${path}.partitions`, 1);
      return checkSend(sink["send"], `${path}.send`);
    case "fold":
      return checkBagFold(sink["fold"], `${path}.fold`);
    case "frame":
      return arrayAt(sink["schema"], `${path}.schema`).forEach((column, i) => {
        const { name, type } = objectAt(column, `${path}.schema[${i}]`);
        textAt(name, `${path}.schema[${i}].name`);
        oneOfAt(type, `${path}.schema[${i}].type`, SCALAR_TYPES);
      });
    case "write":
      textAt(sink["url"], `${path}.url`);
      wholeAt(sink["digits"], `${path}.digits`);
  }
}

const SENDS = ["key", "distinct", "frequencies", "foldBy", "spread", "place"] as const satisfies Send["do"][];

function checkSend(value: unknown, path: string): void {
  const send = objectAt(value, path, ["do", "by", "fold", "of"]);
  const how = oneOfAt(send["do"], `${path}.do`, SENDS);
  if (how === "key" || how === "foldBy" || (how === "distinct" && send["by"] !== null)) keyAt(send["by"], `${path}.by`);
  if (how === "foldBy") foldAt(send["fold"], `${path}.fold`);
  if (how === "spread") wholeAt(send["of"], `${path}.of`);
}

const FOLDS = [
  "collect",
  "fold",
  "reduce",
  "count",
  "sum",
  "mean",
  "std",
  "best",
  "schema",
] as const satisfies BagFold["do"][];

/** Checks the parameters of "bag.fold". */
export function checkBagFold(value: unknown, path: string): void {
  const fold = objectAt(value, path);
  switch (oneOfAt(fold["do"], `${path}.do`, FOLDS)) {
    case "collect":
      if (fold["limit"] !== undefined) wholeAt(fold["limit"], `${path}.limit`);
      return;
    case "fold":
      return void foldAt(fold["fold"], `${path}.fold`);
    case "reduce":
      return void callableAt(fold["fn"], `${path}.fn`);
    case "std":
      return void wholeAt(fold["ddof"], `${path}.ddof`);
    case "best":
      wholeAt(fold["count"], `${path}.count`);
      if (fold["by"] !== null) keyAt(fold["by"], `${path}.by`);
      return;
    default:
      return;
  }
}

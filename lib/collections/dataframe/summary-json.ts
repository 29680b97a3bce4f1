import { AGGREGATES } from "../aggregate-table.ts";
import { windowAt } from "../check-window.ts";
import type { Params } from "../functions/spec.ts";
import { paramProblem } from "../functions/table.ts";
import { arrayAt, booleanAt, objectAt, oneOfAt, refuse, textAt, textsAt, type PlainObject } from "../plain.ts";
import type { FrameNode } from "./nodes.ts";
import type { SummaryOperation, WindowsNode } from "./summary-nodes.ts";

type Kind = SummaryOperation["kind"];

/** The fields of each operation beside `kind` and `input`. */
export const SUMMARY_FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  describe: ["quantiles", "approximate"],
  matrix: ["of", "names", "params"],
  window: ["columns"],
};

/** An operation over `input`, from plain data. */
export function summaryAt(kind: Kind, node: PlainObject, input: FrameNode, path: string): SummaryOperation {
  switch (kind) {
    case "describe":
      return {
        kind,
        input,
        quantiles: arrayAt(node["quantiles"], `${path}.quantiles`).map((q, i) =>
          fractionAt(q, `${path}.quantiles[${i}]`),
        ),
        approximate: booleanAt(node["approximate"], `${path}.approximate`),
      };
    case "matrix": {
      const of = oneOfAt(node["of"], `${path}.of`, ["corr", "cov"]);
      const params = objectAt(node["params"] ?? {}, `${path}.params`) as Params; // `paramProblem` looks at each
      const problem = paramProblem(AGGREGATES[of], params);
      if (problem !== undefined) refuse(`${path}.params.${problem.name}`, problem.expected, problem.found);
      return {
        kind,
        input,
        of,
        ...(node["names"] === undefined ? {} : { names: textsAt(node["names"], `${path}.names`) }),
        ...(node["params"] === undefined ? {} : { params }),
      };
    }
    case "window":
      return { kind, input, columns: windowColumnsAt(node["columns"], `${path}.columns`) };
  }
}

/** Named window functions; also of plans. */
export function windowColumnsAt(value: unknown, path: string): WindowsNode["columns"] {
  return arrayAt(value, path).map((item, i) => {
    const at = `${path}[${i}]`;
    const { name, value: inner } = objectAt(item, at, ["name", "value"]);
    return { name: textAt(name, `${at}.name`), value: windowAt(inner, `${at}.value`) };
  });
}

function fractionAt(value: unknown, path: string): number {
  return typeof value === "number" && value >= 0 && value <= 1 ? value : refuse(path, "a number from 0 to 1", value);
}

import type { WindowColumns } from "../../../kernels/frame/windows/apply.ts";
import { windowSchema } from "../../../kernels/frame/windows/apply.ts";
import { neededBefore } from "../../optimize/operations.ts";
import type { Dataset } from "./dataset.ts";

/** Rows are gathered in their order, and the windows are computed over all of them. */
export function windowRows(dataset: Dataset, columns: WindowColumns, needed: ReadonlySet<string>): Dataset {
  const used = columns.filter(({ name }) => needed.has(name));
  const operation = { do: "window", columns: used } as const;
  const before = neededBefore(operation, needed);
  const gathered = dataset.schema.filter(({ name }) => before.has(name));
  return {
    ...dataset,
    schema: windowSchema(gathered, used),
    end: {
      sink: { to: "collect", columns: gathered.map(({ name }) => name) },
      schema: dataset.schema,
      after: [operation],
    },
  };
}

import { DataFrame } from "../collections/dataframe/dataframe.ts";
import type { FrameNode, SqlNode } from "../collections/dataframe/nodes.ts";
import type { Schema } from "../collections/schema.ts";
import { parseQuery } from "./parse.ts";
import { Problems } from "./problem.ts";
import { lowerQuery } from "./query.ts";

/**
 * The frame that a query stands for, in operations that all frames have. `schemaOf`: the columns of a frame, for which files may have to be sampled.
 *
 * @throws SqlError
 */
export async function lowerSql(node: SqlNode, schemaOf: (node: FrameNode) => Promise<Schema>): Promise<FrameNode> {
  const tables = new Map(node.tables.map((name, i) => [name, new DataFrame(node.inputs[i])]));
  const { frame, columns } = await lowerQuery(await parseQuery(node.text), {
    problems: new Problems(node.text),
    tables,
    queries: new Map(),
    schemaOf: (table) => schemaOf(table.node),
  });
  const renames = columns
    .filter(({ name, column }) => name !== column)
    .map(({ name, column }) => [column, name] as const);
  return frame.rename(Object.fromEntries(renames)).node;
}

import type { ParquetNode } from "../../collections/dataframe/file-nodes.ts";
import { widerOf, type ScalarType, type Schema } from "../../collections/schema.ts";
import { FormatError, TypeMismatchError } from "../../errors.ts";
import type { ParquetColumn } from "../../kernels/formats/parquet-columns.ts";
import type { ParquetItem } from "../../kernels/formats/read-parquet.ts";
import { asItem } from "../../kernels/formats/sources.ts";
import type { Step } from "../../kernels/frame/steps.ts";
import { expandSources } from "../../store/glob.ts";
import type { Store } from "../../store/store.ts";
import { estimateFile } from "../estimate-files.ts";
import { chosen } from "./chosen.ts";
import { forEachOf } from "./each.ts";
import { readFooter, type Footer, type FooterGroup } from "./parquet-footer.ts";
import { firstConditions, mayHold } from "./parquet-prune.ts";
import type { Read } from "./read.ts";

/** Small row groups of a file that stand side by side are one task, up to as many bytes. */
const TASK_BYTES = 16 * 1024 * 1024;

/** Reads the footers of all files: nothing else is needed to plan. */
export async function parquetRead(node: ParquetNode, store: Store, signal?: AbortSignal): Promise<Read> {
  const infos = await expandSources(store, node.paths, process.cwd(), signal);
  const footers = await forEachOf(infos, (info) => readFooter(info, store, signal));
  const names = footers[0].columns.map(({ column }) => column.name);
  const schema = commonSchema(footers, chosen(names, node.options.columns));
  const files = new ParquetFiles(schema, footers);
  return files.narrow(schema, []);
}

class ParquetFiles {
  readonly #schema: Schema;
  readonly #footers: readonly Footer[];
  readonly #layouts: ParquetColumn[][] = [];
  readonly #layoutOf: readonly number[];

  constructor(schema: Schema, footers: readonly Footer[]) {
    this.#schema = schema;
    this.#footers = footers;
    const known = new Map<string, number>();
    this.#layoutOf = footers.map(({ columns }) => {
      const layout = columns.map(({ column }) => column);
      const spelled = JSON.stringify(layout);
      const at = known.get(spelled) ?? this.#layouts.push(layout) - 1;
      known.set(spelled, at);
      return at;
    });
  }

  /** Tasks that read these columns of the row groups in which rows may meet the first conditions. */
  narrow(columns: Schema, steps: readonly Step[]): Read {
    const conditions = firstConditions(steps);
    const passes = (group: FooterGroup) =>
      conditions.every((condition) => mayHold(condition, (name) => group.statistics(name)));
    const tasks = this.#footers.flatMap((footer, i) =>
      inTasks(footer.groups.filter(passes), columns).map((groups) => ({ footer, layout: this.#layoutOf[i], groups })),
    );
    const all = this.#footers.flatMap(({ groups }) => groups);
    const read = tasks.flatMap(({ groups }) => groups);
    const items = tasks.map(({ footer, layout, groups }): ParquetItem => {
      const { url, size, etag } = footer.info;
      return { source: { url, size, etag }, layout, groups: groups.map((group) => only(group, columns)) };
    });
    const largest = tasks.map(({ groups }) => Math.max(...groups.map((group) => bytesOf(group, columns))));
    const rows = tasks.map(({ groups }) => groups.reduce((sum, group) => sum + group.rows, 0));
    return {
      schema: this.#schema,
      format: { format: "parquet", layouts: this.#layouts },
      tasks: { kind: "items", items: items.map(asItem) },
      notes: [
        ...this.#typeNotes(columns),
        ...(read.length < all.length
          ? [`row groups: ${read.length} of ${all.length} are read, by the bounds that the files give`]
          : []),
      ],
      rows: read.reduce((sum, group) => sum + group.rows, 0),
      counted: true,
      estimate: (asked, sink) =>
        estimateFile(
          {
            bytesIn: items.reduce((sum, { groups }) => sum + chunkBytes(groups), 0),
            pieceBytes: Math.max(0, ...largest),
            rows: Math.max(0, ...rows),
          },
          asked,
          sink,
        ),
      narrow: (asked, first) => this.narrow(asked, first),
    };
  }

  #typeNotes(columns: Schema): string[] {
    const read = new Set(columns.map(({ name }) => name));
    const notes = this.#footers.flatMap((footer) =>
      footer.columns.flatMap(({ column, note }) =>
        note !== undefined && read.has(column.name) ? [`column "${column.name}" ${note}`] : [],
      ),
    );
    return [...new Set(notes)];
  }
}

function inTasks(groups: readonly FooterGroup[], columns: Schema): FooterGroup[][] {
  const out: FooterGroup[][] = [];
  let bytes = Infinity;
  for (const group of groups) {
    const more = bytesOf(group, columns);
    if (bytes + more > TASK_BYTES) {
      out.push([]);
      bytes = 0;
    }
    out[out.length - 1].push(group);
    bytes += more;
  }
  return out;
}

function bytesOf({ sizes, rows }: FooterGroup, columns: Schema): number {
  return columns.reduce((sum, { name }) => sum + (Object.hasOwn(sizes, name) ? sizes[name] : 0), rows);
}

function chunkBytes(groups: ParquetItem["groups"]): number {
  return groups.reduce((sum, { chunks }) => Object.values(chunks).reduce((all, [, bytes]) => all + bytes, sum), 0);
}

function only({ rows, firstRow, chunks }: FooterGroup, columns: Schema): ParquetItem["groups"][number] {
  const wanted = columns.flatMap(({ name }) => (Object.hasOwn(chunks, name) ? [[name, chunks[name]] as const] : []));
  return { rows, firstRow, chunks: Object.fromEntries(wanted) };
}

/** These columns of the first file, which all files have, in types that hold those of all. */
function commonSchema(footers: readonly Footer[], names: readonly string[]): Schema {
  const [first] = footers;
  return names.map((name) => {
    let type: ScalarType | undefined;
    let from = first;
    for (const footer of footers) {
      const found = footer.columns.find(({ column }) => column.name === name)?.column;
      if (found === undefined) throw lacks(footer, name, first);
      if (found.meaning === "nothing") continue;
      type = type === undefined ? found.type : joined(type, found.type, name, [from, footer]);
      if (type === found.type) from = footer;
    }
    return { name, type: type ?? "float64" };
  });
}

function joined(a: ScalarType, b: ScalarType, name: string, [from, footer]: readonly [Footer, Footer]): ScalarType {
  const wider = widerOf(a, b);
  if (wider !== undefined) return wider;
  throw new TypeMismatchError(
    `Column "${name}" is ${a} in ${from.info.url} and ${b} in ${footer.info.url}; files that are read together have one type.`,
    { fields: { column: name, types: [a, b], urls: [from.info.url, footer.info.url] }, fix: "read them separately." },
  );
}

function lacks({ info, columns }: Footer, name: string, first: Footer): FormatError {
  return new FormatError(`${info.url} has no column "${name}", which ${first.info.url} has.`, {
    fields: { url: info.url, format: "parquet", column: name, columns: columns.map(({ column }) => column.name) },
    fix: "read files with different columns separately, or name the columns that all have: { columns: […] }.",
  });
}

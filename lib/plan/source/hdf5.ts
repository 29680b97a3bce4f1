import type { Dataset, Group, Metadata } from "h5wasm/node";
import type { Hdf5Node } from "../../collections/dataframe/file-nodes.ts";
import type { ScalarType } from "../../collections/schema.ts";
import { FormatError } from "../../errors.ts";
import { entityOf, isA, withHdf5 } from "../../kernels/formats/hdf5-file.ts";
import type { Hdf5Column, Hdf5Item } from "../../kernels/formats/read-hdf5.ts";
import { asItem } from "../../kernels/formats/sources.ts";
import { expandSources } from "../../store/glob.ts";
import type { ObjectInfo, Store } from "../../store/store.ts";
import { estimateFile } from "../estimate-files.ts";
import { chosen } from "./chosen.ts";
import type { Read } from "./read.ts";

const DEFAULT_BLOCK_ROWS = 1_000_000;

/** Opens all files, one after the other, to see what they hold. */
export async function hdf5Read({ paths, options }: Hdf5Node, store: Store, signal?: AbortSignal): Promise<Read> {
  const infos = await expandSources(store, paths, process.cwd(), signal);
  const tables: Table[] = [];
  for (const info of infos)
    tables.push(
      await withHdf5(info, store, signal, (file) =>
        tableOf(entityOf(file, options.dataset, info.url), options.dataset, info),
      ),
    );
  const [first] = tables;
  const names = chosen(
    first.columns.map(({ name }) => name),
    options.columns,
  );
  const columns = names.flatMap((name) => first.columns.filter((column) => column.name === name));
  for (const [i, table] of tables.entries()) refuseOther(columns, table, infos[i], infos[0]);
  const { blockRows = DEFAULT_BLOCK_ROWS } = options;
  const items = tables.flatMap(({ rows }, i): Hdf5Item[] => {
    const { url, size, etag } = infos[i];
    return Array.from({ length: Math.ceil(rows / blockRows) }, (_, block) => ({
      source: { url, size, etag },
      firstRow: block * blockRows,
      rows: Math.min(blockRows, rows - block * blockRows),
    }));
  });
  const longest = items.reduce((most, { rows }) => Math.max(most, rows), 0);
  return {
    schema: columns.map(({ name, type }) => ({ name, type })),
    format: { format: "hdf5", columns },
    tasks: { kind: "items", items: items.map(asItem) },
    notes: [],
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    counted: true,
    estimate: (asked, sink) =>
      estimateFile(
        {
          bytesIn: infos.reduce((sum, { size }) => sum + size, 0),
          pieceBytes: 16 * longest * asked.length,
          rows: longest,
        },
        asked,
        sink,
      ),
  };
}

interface Table {
  readonly columns: readonly Hdf5Column[];
  readonly rows: number;
}

function tableOf(entity: Dataset | Group, path: string, info: ObjectInfo): Table {
  if (isA<Dataset>(entity, "Dataset")) return datasetTable(entity, path, info);
  const inside = entity.keys().flatMap((key): Table[] => {
    const child = entity.get(key);
    if (!isA<Dataset>(child, "Dataset") || child.shape?.length !== 1) return [];
    return [datasetTable(child, `${path.replace(/\/$/, "")}/${key}`, info)];
  });
  const lengths = new Set(inside.map(({ rows }) => rows));
  if (inside.length === 0 || lengths.size > 1)
    throw unfit(
      info,
      path,
      inside.length === 0
        ? "holds no datasets of one dimension"
        : `holds datasets of ${[...lengths].join(" and ")} rows`,
    );
  return { columns: inside.flatMap(({ columns }) => columns), rows: inside[0].rows };
}

function datasetTable({ shape, metadata }: Dataset, path: string, info: ObjectInfo): Table {
  const name = path.split("/").filter(Boolean).at(-1) ?? path;
  if (shape === null || shape.length === 0 || shape.length > 2)
    throw unfit(info, path, `has ${shape?.length ?? 0} dimensions`);
  const members = metadata.compound_type?.members;
  const [rows, width] = shape;
  if (members !== undefined && shape.length === 1)
    return {
      rows,
      columns: members.map((member, index) => ({
        name: member.name,
        type: typeOf(member),
        path,
        part: "member",
        index,
      })),
    };
  const type = typeOf(metadata);
  if (shape.length === 1) return { rows, columns: [{ name, type, path, part: "all", index: 0 }] };
  return {
    rows,
    columns: Array.from({ length: width }, (_, index) => ({ name: String(index), type, path, part: "column", index })),
  };
}

/** HDF5's numbers of its classes of types. */
const INTEGER = 0;
const FLOAT = 1;
const ENUM = 8;

function typeOf({ type, enum_type: names }: Pick<Metadata, "type" | "enum_type">): ScalarType {
  if (type === FLOAT) return "float64";
  if (type === INTEGER) return "int64";
  // As h5py and PyTables write booleans.
  if (type === ENUM)
    return Object.keys(names?.members ?? {})
      .sort()
      .join() === "FALSE,TRUE"
      ? "bool"
      : "int64";
  return "string";
}

function refuseOther(columns: readonly Hdf5Column[], table: Table, { url }: ObjectInfo, first: ObjectInfo): void {
  for (const { name, type } of columns) {
    const found = table.columns.find((column) => column.name === name);
    if (found?.type === type) continue;
    throw new FormatError(
      `${url} has ${found === undefined ? "no" : `the ${found.type}`} column "${name}", which is ${type} in ${first.url}.`,
      {
        fields: { url, format: "hdf5", column: name },
        fix: "read files with different columns separately.",
      },
    );
  }
}

function unfit({ url }: ObjectInfo, path: string, why: string): FormatError {
  return new FormatError(`${path} of ${url} is no table: it ${why}.`, {
    fields: { url, format: "hdf5", dataset: path },
    fix: "name a dataset of one or two dimensions, a table of records, or a group of datasets of one length.",
  });
}

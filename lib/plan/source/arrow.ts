import type { ArrowNode } from "../../collections/dataframe/file-nodes.ts";
import { widerOf, type Field, type Schema } from "../../collections/schema.ts";
import { AbanicoError, FormatError, TypeMismatchError } from "../../errors.ts";
import { describeArrow } from "../../kernels/formats/arrow-columns.ts";
import { footerBytes, isArrowFile, loadReader, notArrow } from "../../kernels/formats/read-arrow.ts";
import { asItem } from "../../kernels/formats/sources.ts";
import { expandSources } from "../../store/glob.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { ObjectInfo, Reader, Store } from "../../store/store.ts";
import { estimateFile } from "../estimate-files.ts";
import { chosen } from "./chosen.ts";
import { forEachOf } from "./each.ts";
import type { Read } from "./read.ts";

/** Read at first from a file's beginning, where its schema is. */
const HEAD_BYTES = 64 * 1024;

/** Reads the schemas of all files. */
export async function arrowRead({ paths, options }: ArrowNode, store: Store, signal?: AbortSignal): Promise<Read> {
  const infos = await expandSources(store, paths, process.cwd(), signal);
  const schemas = await forEachOf(infos, (info) => schemaOf(info, store, signal));
  const [first] = schemas;
  const names = chosen(
    first.map(({ field }) => field.name),
    options.columns,
  );
  const schema: Schema = names.map((name) => commonField(name, infos, schemas));
  const sources = infos.map(({ url, size, etag }) => ({ url, size, etag }));
  const bytes = sources.reduce((sum, { size }) => sum + size, 0);
  const rowBytes = 8 * Math.max(1, first.length);
  const notes = first.flatMap(({ field, note }) =>
    note !== undefined && names.includes(field.name) ? [`column "${field.name}" ${note}`] : [],
  );
  return {
    schema,
    format: { format: "arrow" },
    tasks: { kind: "items", items: sources.map((source) => asItem({ source })) },
    notes,
    rows: Math.ceil(bytes / rowBytes),
    estimate: (columns, sink) => {
      const largest = sources.reduce((most, { size }) => Math.max(most, size), 0);
      return estimateFile({ bytesIn: bytes, pieceBytes: largest, rows: Math.ceil(largest / rowBytes) }, columns, sink);
    },
  };
}

type Described = ReturnType<typeof describeArrow>;

/** A file's schema is in its footer, a stream's at its beginning. */
async function schemaOf(info: ObjectInfo, store: Store, signal?: AbortSignal): Promise<Described[]> {
  const { url, size } = info;
  const reader = await store.open(url, { etag: info.etag, ...(signal === undefined ? {} : { signal }) });
  try {
    const head = await reader.read(0, Math.min(HEAD_BYTES, size), signal);
    const schema = isArrowFile(head) ? await footerSchema(reader, signal) : await streamSchema(reader, head, signal);
    return schema.fields.map(describeArrow);
  } catch (error) {
    throw error instanceof AbanicoError ? error : notArrow(url, error);
  } finally {
    await reader.close();
  }
}

async function footerSchema(reader: Reader, signal?: AbortSignal) {
  const { size } = reader.info;
  const length = footerBytes(await readExactly(reader, Math.max(0, size - 10), size, signal));
  if (length <= 0 || length + 10 > size) throw new RangeError(`its footer should take ${length} bytes of ${size}`);
  // The footer's module decodes schemas by what only the library as a whole gives it.
  await loadReader();
  const { Footer } = await import("apache-arrow/ipc/metadata/file");
  return Footer.decode(await readExactly(reader, size - 10 - length, size - 10, signal)).schema;
}

async function streamSchema(reader: Reader, head: Uint8Array, signal?: AbortSignal) {
  const { RecordBatchReader } = await loadReader();
  const { size } = reader.info;
  for (let bytes = head; ; bytes = await reader.read(0, Math.min(16 * bytes.length, size), signal)) {
    try {
      const { schema } = RecordBatchReader.from(bytes).open();
      // A reader of nothing has no schema.
      if (!schema) throw new RangeError("it does not begin with a schema");
      return schema;
    } catch (error) {
      if (bytes.length >= size) throw error;
    }
  }
}

function commonField(name: string, infos: readonly ObjectInfo[], schemas: readonly (readonly Described[])[]): Field {
  return schemas
    .map((schema, i): Field => {
      const field = schema.find((one) => one.field.name === name)?.field;
      if (field !== undefined) return field;
      throw new FormatError(`${infos[i].url} has no column "${name}", which ${infos[0].url} has.`, {
        fields: { url: infos[i].url, format: "arrow", column: name },
        fix: "read files with different columns separately, or name the columns that all have: { columns: […] }.",
      });
    })
    .reduce((one, other) => {
      const type = widerOf(one.type, other.type);
      if (type !== undefined) return { name, type };
      throw new TypeMismatchError(`Column "${name}" is ${one.type} in one file and ${other.type} in another.`, {
        fields: { column: name, types: [one.type, other.type] },
        fix: "read them separately.",
      });
    });
}

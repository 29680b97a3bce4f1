import { AbanicoError, FormatError } from "../../errors.ts";
import type { Schema } from "../../collections/schema.ts";
import type { Source } from "../../plan/plan.ts";
import { readExactly } from "../../store/read-exactly.ts";
import type { Reader } from "../../store/store.ts";
import { castColumn } from "../frame/cast.ts";
import type { Batch, Column } from "../frame/column.ts";
import { inSlices } from "../frame/slice.ts";
import type { TaskContext } from "../kernel.ts";
import { ByteDictionary } from "../frame/byte-dictionary.ts";
import { pageCodec, type PageCodec } from "./page-codec.ts";
import { decodeChunk } from "./parquet-chunk.ts";
import type { ParquetColumn } from "./parquet-columns.ts";
import { nestedTexts } from "./parquet-nested.ts";
import { fileItem, type ReadBatches } from "./sources.ts";

/** How Parquet files are read. `layouts`: how the files lay their columns out; most often all do it alike. */
export interface ParquetFormat {
  readonly format: "parquet";
  readonly layouts: readonly (readonly ParquetColumn[])[];
}

/** What one task reads: some row groups of a file. */
export interface ParquetItem {
  readonly source: Source;
  /** Which of the layouts. */
  readonly layout: number;
  readonly groups: readonly ParquetGroup[];
}

export interface ParquetGroup {
  readonly rows: number;
  /** Rows of the file before it. */
  readonly firstRow: number;
  /** Where each column that is read stands, by name: its first byte, its bytes, also once decompressed, and its codec. None for a nested one. */
  readonly chunks: {
    readonly [name: string]: readonly [offset: number, bytes: number, plainBytes: number, codec: string];
  };
}

export const parquetBatches: ReadBatches<ParquetFormat> = async ({ layouts }, columns, input, context, use) => {
  const item = fileItem<ParquetItem>(input, "parquet");
  const { url, etag } = item.source;
  const reader = await context.store.open(url, { etag, signal: context.signal });
  try {
    const file = new ParquetFile(reader, layouts[item.layout], columns, context);
    const output = await use({ batches: file.batches(item.groups) });
    await reader.verify?.();
    return output;
  } finally {
    await reader.close();
  }
};

class ParquetFile {
  readonly #reader: Reader;
  readonly #layout: readonly ParquetColumn[];
  readonly #columns: Schema;
  readonly #context: TaskContext;
  readonly #texts = new Map<string, ByteDictionary>();
  readonly #codecs = new Map<string, PageCodec>();

  constructor(reader: Reader, layout: readonly ParquetColumn[], columns: Schema, context: TaskContext) {
    this.#reader = reader;
    this.#layout = layout;
    this.#columns = columns;
    this.#context = context;
  }

  async *batches(groups: readonly ParquetGroup[]): AsyncGenerator<Batch> {
    for (const group of groups) {
      const columns = new Map<string, Column>();
      // Requests of a group go out together; what is read is decoded column by column.
      const reads = this.#columns.map(({ name }) => this.#read(group, name));
      for (const read of reads) read.catch(() => undefined);
      for (const [i, { name, type }] of this.#columns.entries())
        columns.set(name, castColumn(await this.#decode(group, name, await reads[i]), type));
      yield* inSlices({ rows: group.rows, columns });
    }
  }

  async #read(group: ParquetGroup, name: string): Promise<Uint8Array> {
    const chunk = Object.hasOwn(group.chunks, name) ? group.chunks[name] : undefined;
    if (chunk === undefined) return new Uint8Array(0);
    return readExactly(this.#reader, chunk[0], chunk[0] + chunk[1], this.#context.signal);
  }

  async #decode(group: ParquetGroup, name: string, bytes: Uint8Array): Promise<Column> {
    const column = this.#layout.find((one) => one.name === name);
    const { url } = this.#reader.info;
    if (column === undefined)
      throw new FormatError(`${url} has no column "${name}".`, { fields: { url, column: name } });
    const texts = this.#texts.get(name) ?? new ByteDictionary();
    this.#texts.set(name, texts);
    const [offset, , mostBytes, codec] = Object.hasOwn(group.chunks, name) ? group.chunks[name] : [0, 0, 0, ""];
    try {
      if (column.meaning === "nested") return await nestedTexts(this.#reader, name, group, texts, this.#context.signal);
      const decompress = this.#codecs.get(codec) ?? (await pageCodec(codec, url));
      this.#codecs.set(codec, decompress);
      return decodeChunk({ bytes, mostBytes, rows: group.rows }, column, decompress, texts);
    } catch (error) {
      throw error instanceof AbanicoError ? error : damaged(url, name, offset, error);
    }
  }
}

function damaged(url: string, column: string, offset: number, cause: unknown): FormatError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FormatError(`${url} cannot be read as Parquet: column "${column}" at byte ${offset}: ${why}`, {
    fields: { url, format: "parquet", offset, column },
    cause,
    fix: "write the file again, or fetch it again: it is damaged, or made with a feature that is not read.",
  });
}

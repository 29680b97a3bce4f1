import { parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readExactly } from "../../store/read-exactly.ts";
import type { Reader } from "../../store/store.ts";
import type { StringColumn } from "../frame/column.ts";
import type { ByteDictionary } from "../frame/byte-dictionary.ts";
import { jsonText } from "./json-text.ts";

/** Lists, maps and structs as JSON text, put together by hyparquet: slower than flat columns, and rare. */
export async function nestedTexts(
  reader: Reader,
  name: string,
  { rows, firstRow }: { readonly rows: number; readonly firstRow: number },
  texts: ByteDictionary,
  signal: AbortSignal,
): Promise<StringColumn> {
  const file = asyncBuffer(reader, signal);
  const metadata = await parquetMetadataAsync(file);
  const codes = new Int32Array(rows);
  let found = 0;
  await parquetRead({
    file,
    metadata,
    columns: [name],
    rowStart: firstRow,
    rowEnd: firstRow + rows,
    compressors,
    rowFormat: "array",
    onComplete: (list) => {
      found = list.length;
      for (const [i, [value]] of (list as unknown[][]).entries())
        codes[i] = value === null || value === undefined ? 0 : texts.codeOf(jsonText(value));
    },
  });
  if (found !== rows) throw new RangeError(`The pages hold ${found} rows of ${rows}.`);
  return { type: "string", codes, dictionary: texts };
}

/** A reader as hyparquet wants it. */
export function asyncBuffer(
  reader: Reader,
  signal?: AbortSignal,
): { readonly byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> } {
  const { size } = reader.info;
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = await readExactly(reader, start < 0 ? size + start : start, end, signal);
      // A copy where it is a view on more, or on shared memory: the library takes nothing else.
      return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
        ? bytes.buffer
        : new Uint8Array(bytes).buffer;
    },
  };
}

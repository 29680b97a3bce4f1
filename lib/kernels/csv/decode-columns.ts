import { CsvError, SchemaWidenedError, ValueError } from "../../errors.ts";
import type { ScalarType } from "../../collections/schema.ts";
import { parseIso } from "../../collections/time/iso.ts";
import type { Column, Dictionary } from "../frame/column.ts";
import { KernelTexts } from "../frame/groups/kernel-texts.ts";
import type { VectorMemory } from "../frame/vector-memory.ts";
import { isPlain, unquote } from "./header.ts";
import type { CsvColumn } from "./params.ts";
import { Doubt } from "./record-faults.ts";
import type { Block, RecordReader } from "./record-reader.ts";
import { ReplacedTexts } from "./replaced-texts.ts";
import { kindOf, type TextKind } from "./texts.ts";
import { TimeReader } from "./read-time.ts";
import { WIDE, type CsvKernel } from "./wasm.ts";

/** Decodes some columns of each block of a range. Owns their memory in the kernel; a string column has one dictionary for all blocks. */
export class ColumnDecoder {
  readonly #kernel: CsvKernel;
  readonly #url: string;
  readonly #width: number;
  readonly #slots: readonly Slot[];

  constructor(
    kernel: CsvKernel,
    url: string,
    columns: readonly CsvColumn[],
    wanted: readonly string[],
    nulls: readonly string[] | undefined,
    memory: VectorMemory,
  ) {
    this.#kernel = kernel;
    this.#url = url;
    this.#width = columns.length;
    const places = new Map(columns.map((column, i) => [column.name, i]));
    this.#slots = wanted.map((name) => {
      const at = places.get(name) ?? -1;
      return new Slot(kernel, columns[at], at, at === columns.length - 1, nulls ?? [], memory);
    });
  }

  /** The block's columns as views on the kernel's memory. */
  decode(reader: RecordReader, block: Block): Map<string, Column> {
    // Of several columns with a fault the one in the first record is told, so that it is the same for any size of block.
    let first = block.rows;
    let faulty: Slot | undefined;
    for (const slot of this.#slots) {
      const bad = slot.decode(block, this.#width);
      if (bad >= first) continue;
      first = bad;
      faulty = slot;
    }
    if (faulty !== undefined) this.#refuse(reader, block, first, faulty);
    // Only now, since decoding strings may have moved the memory.
    return new Map(this.#slots.map((slot) => [slot.column.name, slot.view(block.rows)]));
  }

  release(): void {
    for (const slot of this.#slots) slot.release();
  }

  #refuse(reader: RecordReader, block: Block, row: number, slot: Slot): never {
    const { column, at } = slot;
    const place = reader.locate(block, row, at);
    const text = unquote(place.text, this.#kernel);
    const fields = {
      url: this.#url,
      offset: place.offset,
      row: place.row,
      rowBase: "shard",
      column: column.name,
      text,
      type: column.type,
    };
    if (column.type === "string") {
      if (!reader.trusted) throw new Doubt("invalid UTF-8");
      throw new CsvError(
        `${this.#url} holds bytes that are not UTF-8 in column "${column.name}" (byte ${place.offset}, row {row}): ${JSON.stringify(text)}.`,
        { fields, fix: "convert the file to UTF-8 (for example iconv -f latin1 -t utf-8)." },
      );
    }
    const found = isTime(column.type)
      ? (parseIso(text)?.type ?? "string")
      : isPlain(place.text, this.#kernel)
        ? kindOf(text, this.#kernel.nullTexts)
        : "string";
    const wider = widen(column, found);
    if (!reader.trusted) throw new Doubt(`"${text}" in column "${column.name}"`);
    if (wider !== undefined)
      throw new SchemaWidenedError(
        `Column "${column.name}" holds ${JSON.stringify(text)}, so it is ${wider}, not ${column.type}.`,
        {
          fields: { ...fields, columns: { [column.name]: wider } },
        },
      );
    throw new ValueError(
      `${this.#url} has ${JSON.stringify(text)} in column "${column.name}", expected ${column.type} (byte ${place.offset}, row {row}).`,
      {
        fields,
        fix: `correct the value, name it a null ({ nulls: [${JSON.stringify(text)}] }), or read the column as text: { types: { ${JSON.stringify(column.name)}: "string" } }.`,
      },
    );
  }
}

/** The type the column must take to hold a value of the kind found; undefined where it may not. */
export function widen(column: CsvColumn, found: TextKind): ScalarType | undefined {
  if (column.widensTo === null) return undefined;
  const isNumber = found === "float64" || found === "int64";
  if (column.type === "int64" && isNumber) return "float64";
  if (column.type === "date" && found === "timestamp") return "timestamp";
  return column.widensTo === "string" ? "string" : undefined;
}

function isTime(type: ScalarType): type is "date" | "timestamp" {
  return type === "date" || type === "timestamp";
}

/** One column's output memory. */
class Slot {
  readonly column: CsvColumn;
  readonly at: number;
  readonly #kernel: CsvKernel;
  readonly #last: boolean;
  readonly #dictionary: number;
  readonly #view: Dictionary | undefined;
  readonly #replaced: ReplacedTexts | undefined;
  readonly #times: TimeReader | undefined;
  #room = 0;
  #values = 0;
  #valid = 0;
  #nulls = 0;
  #wide = false;

  constructor(
    kernel: CsvKernel,
    column: CsvColumn,
    at: number,
    last: boolean,
    nulls: readonly string[],
    memory: VectorMemory,
  ) {
    this.#kernel = kernel;
    this.column = column;
    this.at = at;
    this.#last = last;
    this.#dictionary = column.type === "string" ? kernel.wasm.dictionaryNew() : 0;
    this.#view = column.type === "string" ? new KernelTexts(memory, this.#dictionary, kernel.lenient) : undefined;
    this.#times = isTime(column.type) ? new TimeReader(column.type) : undefined;
    this.#replaced = kernel.lenient && this.#view !== undefined ? new ReplacedTexts(this.#view) : undefined;
    if (column.type === "string") for (const text of nulls) this.#nullText(text);
  }

  /** Answers the ordinal of the first record that does not fit, or `block.rows`. */
  decode(block: Block, width: number): number {
    const at = block.index + 4 * this.at;
    if (this.#times !== undefined) return this.#times.read(this.#kernel, at, width, block.rows, this.#last);
    if (block.rows > this.#room) this.#reserve(block.rows);
    const { wasm } = this.#kernel;
    const rest = [4 * width, block.rows, this.#values, this.#valid, this.#last] as const;
    this.#wide = false;
    let done: number;
    if (this.column.type === "int64") {
      done = wasm.decodeIntegers(at, ...rest);
      this.#wide = done === WIDE;
      if (this.#wide) done = wasm.decodeWide(at, ...rest);
    } else if (this.column.type === "float64") done = wasm.decodeFloats(at, ...rest);
    else if (this.column.type === "bool") done = wasm.decodeBooleans(at, ...rest);
    else done = wasm.decodeStrings(at, 4 * width, block.rows, this.#values, this.#dictionary, this.#last);
    this.#nulls = wasm.nullCount.value;
    return done;
  }

  view(rows: number): Column {
    if (this.#times !== undefined) return this.#times.column(rows);
    const { buffer } = this.#kernel.wasm.memory;
    const { type } = this.column;
    if (this.#view !== undefined) {
      const codes = new Int32Array(buffer, this.#values, rows);
      this.#replaced?.unify(codes);
      return { type: "string", codes, dictionary: this.#view };
    }
    const valid = this.#nulls > 0 ? new Uint8Array(buffer, this.#valid, rows) : undefined;
    if (type === "bool") return { type, values: new Uint8Array(buffer, this.#values, rows), valid };
    if (type === "int64" && this.#wide) return { type, values: new BigInt64Array(buffer, this.#values, rows), valid };
    // What is left is int64 or float64, both as f64.
    return { type: type as "int64" | "float64", values: new Float64Array(buffer, this.#values, rows), valid };
  }

  release(): void {
    if (this.#room > 0) {
      this.#kernel.release(this.#values);
      this.#kernel.release(this.#valid);
    }
    if (this.#dictionary !== 0) this.#kernel.wasm.dictionaryFree(this.#dictionary);
  }

  #reserve(rows: number): void {
    if (this.#room > 0) {
      this.#kernel.release(this.#values);
      this.#kernel.release(this.#valid);
    }
    this.#room = Math.ceil(rows * 1.25);
    this.#values = this.#kernel.allocate(8 * this.#room);
    this.#valid = this.#kernel.allocate(this.#room);
  }

  #nullText(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const address = this.#kernel.allocate(bytes.length);
    this.#kernel.bytes().set(bytes, address);
    this.#kernel.wasm.dictionaryAlias(this.#dictionary, address, bytes.length);
    this.#kernel.release(address);
  }
}

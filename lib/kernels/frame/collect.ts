import type { ScalarType, Schema } from "../../collections/schema.ts";
import { InternalError } from "../../errors.ts";
import { columnOf, type Batch, type Column, type StringColumn } from "./column.ts";
import type { Frame } from "./encode.ts";
import { joinStrings } from "./join-strings.ts";
import { withoutRepeats } from "./packed-texts.ts";

/** Gathers the rows of batches whose memory does not last. */
export class Collector {
  readonly #schema: Schema;
  readonly #limit: number;
  readonly #pieces: Map<string, Column>[] = [];
  #rows = 0;
  #whole: Frame | undefined;

  constructor(schema: Schema, limit = Infinity) {
    this.#schema = schema;
    this.#limit = limit;
  }

  get rows(): number {
    return this.#rows;
  }

  get full(): boolean {
    return this.#rows >= this.#limit;
  }

  add(batch: Batch): void {
    const rows = Math.min(batch.rows, this.#limit - this.#rows);
    if (rows === 0) return;
    const columns = this.#schema.map(({ name }): [string, Column] => [name, copyRows(columnOf(batch, name), rows)]);
    this.#pieces.push(new Map(columns));
    this.#rows += rows;
  }

  /** All rows as one frame; nothing can be added then. Pieces go column by column, so that they are not in memory twice. */
  frame(): Frame {
    this.#whole ??= {
      schema: this.#schema,
      batch: {
        rows: this.#rows,
        columns: new Map(
          this.#schema.map(({ name, type }): [string, Column] => {
            const parts = this.#pieces.flatMap((piece) => piece.get(name) ?? []);
            for (const piece of this.#pieces) piece.delete(name);
            return [name, joinColumn(type, parts, this.#rows)];
          }),
        ),
      },
    };
    return this.#whole;
  }
}

function copyRows(column: Column, rows: number): Column {
  if (column.type === "string") return { ...column, codes: column.codes.slice(0, rows) };
  const valid = column.valid?.slice(0, rows);
  if (column.type === "bool") return { type: "bool", values: column.values.slice(0, rows), valid };
  if (column.type === "float64") return { type: "float64", values: column.values.slice(0, rows), valid };
  return { type: column.type, values: column.values.slice(0, rows), valid };
}

/** One frame from pieces, in order. Of a single piece nothing is copied. `mayRepeat`: in which columns a string may have several codes then. */
export function concatenate(
  schema: Schema,
  pieces: readonly Batch[],
  mayRepeat: (name: string) => boolean = () => false,
): Frame {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
  const columns = schema.map(({ name, type }): [string, Column] => [
    name,
    joinColumn(
      type,
      pieces.map((piece) => columnOf(piece, name)),
      rows,
      mayRepeat(name),
    ),
  ]);
  return { schema, batch: { rows, columns: new Map(columns) } };
}

/** One column from parts, in order, of `rows` together. A single part is taken as it is. `mayRepeat`: see `joinStrings`. */
export function joinColumn(type: ScalarType, parts: readonly Column[], rows: number, mayRepeat = false): Column {
  const [only] = parts;
  if (parts.length === 1) return only.type !== "string" || mayRepeat ? only : withoutRepeats(only);
  if (type !== "string") return joinValues(type, parts, rows);
  return joinStrings(parts as readonly StringColumn[], rows, mayRepeat); // by the schema's type
}

function joinValues(type: Exclude<ScalarType, "string">, parts: readonly Column[], rows: number): Column {
  const isWide = parts.some((part) => part.type !== "string" && part.values instanceof BigInt64Array);
  const values = type === "bool" ? new Uint8Array(rows) : isWide ? new BigInt64Array(rows) : new Float64Array(rows);
  const isNull = parts.some((part) => part.type !== "string" && part.valid !== undefined);
  const valid = isNull ? new Uint8Array(rows).fill(1) : undefined;
  let at = 0;
  for (const part of parts) {
    if (part.type === "string") throw new InternalError("A string column among numbers.");
    if (values instanceof BigInt64Array)
      values.set(part.values instanceof BigInt64Array ? part.values : BigInt64Array.from(part.values, BigInt), at);
    else values.set(part.values as Float64Array | Uint8Array, at); // not wide, as was looked up
    if (part.valid !== undefined) valid?.set(part.valid, at);
    at += part.values.length;
  }
  // The casts put type and array together again, which were chosen together above.
  if (type === "bool") return { type, values: values as Uint8Array, valid };
  if (type === "float64") return { type, values: values as Float64Array, valid };
  return { type, values: values as Float64Array | BigInt64Array, valid };
}

/** The frame's first rows. */
export function firstRows({ schema, batch }: Frame, rows: number): Frame {
  const columns = schema.map(({ name }): [string, Column] => [name, copyRows(columnOf(batch, name), rows)]);
  return { schema, batch: { rows, columns: new Map(columns) } };
}

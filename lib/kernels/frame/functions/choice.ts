import type { ExpressionNode } from "../../../collections/expression/nodes.ts";
import { columnsRead } from "../../../collections/expression/nodes.ts";
import type { ScalarType } from "../../../collections/schema.ts";
import { mayFail } from "../../../collections/typing.ts";
import { castColumn } from "../cast.ts";
import {
  TextDictionary,
  codesValid,
  columnOf,
  lengthOf,
  valueAt,
  type Batch,
  type Column,
  type StringColumn,
} from "../column.ts";
import { gather } from "../pipeline.ts";
import { Recoder } from "./text-map.ts";
import { ColumnValues } from "./whole.ts";

type Evaluator = (batch: Batch) => Column;
type Compile = (node: ExpressionNode) => Evaluator;
type Rows = Int32Array<ArrayBuffer>;

/** An expression that is asked for some rows only. One that cannot fail is computed for all, which costs less than gathering its columns. */
interface Partly {
  /** Its column, and where the i-th of the rows stands in it. */
  (batch: Batch, rows: Rows): { readonly column: Column; at(i: number): number };
}

function partly(node: ExpressionNode, compile: Compile): Partly {
  const evaluate = compile(node);
  const fails = mayFail(node);
  const read = [...columnsRead(node)];
  return (batch, rows) => {
    if (!fails || rows.length === batch.rows) return { column: evaluate(batch), at: (i) => rows[i] };
    const columns = new Map(read.map((name) => [name, gather(columnOf(batch, name), rows)]));
    return { column: evaluate({ rows: rows.length, columns }), at: (i) => i };
  };
}

/** The column that is made: its slots are taken from columns of several expressions. */
interface Target {
  /** Sets slot rows[i] to the column's value at at(i). */
  take(branch: number, column: Column, rows: Rows, at: (i: number) => number): void;
  column(): Column;
}

function targets(type: ScalarType): (rows: number) => Target {
  if (type !== "string")
    return (n) => {
      const out = new ColumnValues(type, n);
      return {
        take(_, from, rows, at) {
          const { values, valid } = castColumn(from, type) as Exclude<Column, StringColumn>; // as it says
          for (let i = 0; i < rows.length; i++) {
            const from = at(i);
            if (valid === undefined || valid[from] === 1) out.set(rows[i], values[from]);
          }
        },
        column: () => out.column(),
      };
    };
  const dictionary = new TextDictionary();
  const recoders: Recoder[] = [];
  return (n) => {
    const codes = new Int32Array(n);
    return {
      take(branch, from, rows, at) {
        const column = castColumn(from, type) as StringColumn; // as it says
        const recoder = (recoders[branch] ??= new Recoder(dictionary));
        recoder.use(column.dictionary);
        for (let i = 0; i < rows.length; i++) codes[rows[i]] = recoder.code(column.codes[at(i)]);
      },
      column: () => ({ type, codes, dictionary }),
    };
  };
}

/** Condition, value, condition, value, …, value: of the first condition that is true. */
export function whenCall(args: readonly ExpressionNode[], type: ScalarType, compile: Compile): Evaluator {
  const conditions = args.filter((_, i) => i % 2 === 0 && i < args.length - 1).map((arg) => partly(arg, compile));
  const values = args.filter((_, i) => i % 2 === 1 || i === args.length - 1).map((arg) => partly(arg, compile));
  const target = targets(type);
  return (batch) => {
    const out = target(batch.rows);
    let rest: Rows = everyRow(batch.rows);
    const take = (branch: number, rows: Rows) => {
      if (rows.length === 0) return;
      const { column, at } = values[branch](batch, rows);
      out.take(branch, column, rows, at);
    };
    conditions.forEach((condition, branch) => {
      if (rest.length === 0) return;
      const { column, at } = condition(batch, rest);
      const [yes, no] = parted(rest, at, truth(column));
      take(branch, yes);
      rest = no;
    });
    take(conditions.length, rest);
    return out.column();
  };
}

/** The first value that is not null. */
export function coalesceCall(args: readonly ExpressionNode[], type: ScalarType, compile: Compile): Evaluator {
  const values = args.map((arg) => partly(arg, compile));
  const target = targets(type);
  return (batch) => {
    const first = castColumn(values[0](batch, everyRow(batch.rows)).column, type);
    if (first.type === "string" ? !first.codes.includes(0) : first.valid === undefined) return first;
    const out = target(batch.rows);
    let rest: Rows = everyRow(batch.rows);
    values.forEach((value, branch) => {
      if (rest.length === 0) return;
      const { column, at } = branch === 0 ? { column: first, at: (i: number) => rest[i] } : value(batch, rest);
      const [some, none] = parted(rest, at, presence(column));
      const place = branch === 0 ? (i: number) => some[i] : within(rest, some, at);
      out.take(branch, column, some, place);
      rest = none;
    });
    return out.column();
  };
}

/** Where the i-th of the rows kept stands, of all that were asked for. */
function within(all: Rows, kept: Rows, at: (i: number) => number): (i: number) => number {
  const places = new Int32Array(kept.length);
  for (let i = 0, k = 0; i < all.length && k < kept.length; i++) if (all[i] === kept[k]) places[k++] = at(i);
  return (i) => places[i];
}

/** The first column, null where the two are equal. */
export function nullIfCall(value: Evaluator, equal: Evaluator): Evaluator {
  return (batch) => {
    const [column, same] = [value(batch), equal(batch)];
    if (column.type === "string")
      return { ...column, codes: column.codes.map((code, i) => (valueAt(same, i) === true ? 0 : code)) };
    const { type } = column;
    const out = new ColumnValues(type, batch.rows);
    for (let i = 0; i < batch.rows; i++) {
      const found = valueAt(column, i);
      if (found !== null && valueAt(same, i) !== true) out.set(i, found as number | bigint | boolean); // by its type
    }
    return out.column();
  };
}

function everyRow(rows: number): Rows {
  const every = new Int32Array(rows);
  for (let i = 0; i < rows; i++) every[i] = i;
  return every;
}

/** The rows where the mask (absent: everywhere) is 1 at at(i), and the others. */
function parted(rows: Rows, at: (i: number) => number, mask: Uint8Array | undefined): [yes: Rows, no: Rows] {
  if (mask === undefined) return [rows, new Int32Array(0)];
  const [yes, no] = [new Int32Array(rows.length), new Int32Array(rows.length)];
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (mask[at(i)] === 1) yes[count++] = rows[i];
    else no[i - count] = rows[i];
  }
  return [yes.subarray(0, count), no.subarray(0, rows.length - count)];
}

/** Where a condition is true. The null literal is so nowhere. */
function truth(column: Column): Uint8Array {
  if (column.type !== "bool") return new Uint8Array(lengthOf(column));
  const { values, valid } = column;
  return valid === undefined ? values : values.map((value, i) => value & valid[i]);
}

/** Where a column is not null; undefined where it is so everywhere. */
function presence(column: Column): Uint8Array | undefined {
  return column.type === "string" ? codesValid(column.codes) : column.valid;
}

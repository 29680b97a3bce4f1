/** Figures that tell whether tables have the same rows, in any order: as `check` in peers/h2o.py makes them. */
import type { Data, DataType, Table } from "apache-arrow";
import type { Answer } from "../job.ts";

/** Rows, and of each column its nulls, its sum, and its sum weighted by the first column: texts such as id017 count as 17. */
export function checksOf(table: Table): Answer {
  const names = table.schema.fields.map(({ name }) => name);
  const columns = names.map((_, i) => numbersOf(table, i));
  const weights = columns[0].map((value) => value % 1_009);
  const figures: [string, number][] = [["rows", table.numRows]];
  for (const [i, name] of names.entries()) {
    let [nulls, sum, weighted] = [0, 0, 0];
    columns[i].forEach((value, row) => {
      if (value !== value) nulls++;
      else {
        sum += value;
        weighted += value * weights[row];
      }
    });
    figures.push([`${name} nulls`, nulls], [`${name} sum`, sum], [`${name} weighted`, weighted]);
  }
  return Object.fromEntries(figures);
}

/** NaN for null. */
function numbersOf(table: Table, column: number): Float64Array {
  const numbers = new Float64Array(table.numRows);
  let at = 0;
  for (const data of table.getChildAt(column)?.data ?? []) {
    const valueAt = reader(data);
    for (let i = 0; i < data.length; i++) numbers[at++] = data.nullCount > 0 && !data.getValid(i) ? NaN : valueAt(i);
  }
  return numbers;
}

function reader({ dictionary, values }: Data<DataType>): (row: number) => number {
  const codes = values as Float64Array | BigInt64Array | Int32Array; // of numbers, and of texts by a dictionary
  if (dictionary === undefined || dictionary === null) return (row) => Number(codes[row]);
  const byCode = Float64Array.from({ length: dictionary.length }, (_, code) =>
    Number(String(dictionary.get(code)).slice(2)),
  );
  return (row) => byCode[Number(codes[row])];
}

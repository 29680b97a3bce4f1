import { OptionError } from "../../errors.ts";
import { DEFAULT_NULLS, kindOf } from "../csv/texts.ts";
import { columnOf } from "../frame/column.ts";
import type { Frame } from "../frame/encode.ts";
import { joinRows } from "./rows-text.ts";
import { speller } from "./spell.ts";

export interface CsvWriteOptions {
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly nullText?: string;
}

/**
 * A frame as CSV, in UTF-8, lines ended by a line feed. A field has quotes where it needs them: also a text that would otherwise be read as a
 * number, a boolean or a null, so that columns keep their types; the empty text is "", which readers tell from an empty field, null.
 */
export function encodeCsv({ schema, batch }: Frame, options: CsvWriteOptions = {}): Uint8Array {
  const { delimiter = ",", header = true, nullText = "" } = options;
  const special = new RegExp(`["\\n\\r\\ufeff${delimiter.replace(/[\\\]^-]/g, "\\$&")}]`);
  const nulls = new Set([...DEFAULT_NULLS, nullText]);
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const asIs = (text: string) => (special.test(text) || text === "" ? quoted(text) : text);
  const field = (text: string) => (kindOf(text, nulls) === "string" ? asIs(text) : quoted(text));
  // A line of one empty field would be a blank line, which is no record.
  const oneColumn = schema.length === 1 && nullText === "";
  const columns = schema.map(({ name, type }) => {
    const spell = speller(columnOf(batch, name), {
      null: oneColumn ? '""' : nullText,
      nan: "NaN",
      infinity: "inf",
      text: field,
      time: asIs,
    });
    if (!oneColumn || type !== "string") return spell;
    const { codes } = columnOf(batch, name) as { codes: Int32Array }; // a string column's
    if (codes.includes(0)) throw oneTextColumn(name);
    return spell;
  });
  return joinRows(
    batch.rows,
    (row) => {
      let line = columns.length > 0 ? columns[0](row) : "";
      for (let i = 1; i < columns.length; i++) line += delimiter + columns[i](row);
      return line;
    },
    header ? `${schema.map(({ name }) => asIs(name)).join(delimiter)}\n` : "",
  );
}

function oneTextColumn(name: string): OptionError {
  return new OptionError(
    `A CSV file with the one column "${name}", a text, cannot tell its nulls from empty lines or empty texts.`,
    { fields: { column: name }, fix: 'name a text for null, as in { nullText: "NA" }, or fill the nulls first.' },
  );
}

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Client, readCsv, type CsvOptions } from "../../lib/index.ts";
import type { ScalarType } from "../../lib/collections/schema.ts";
import { parseInteger } from "../../lib/kernels/csv/texts.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { bits, plain, type Plain, type Value } from "./support.ts";

/** Tables of anything, written by the small writer below, are read back as they were: at any block size, inline and on threads. */

const store = defaultStore();
const inline = await Client.local({ workers: 0, store, progress: false });
const threads = await Client.local({ workers: 2, store, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

/** A value and one way to write it down (`quote` wherever that is needed or wanted). */
interface Cell {
  readonly value: Value;
  readonly text: string;
}
interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
  readonly newline: string;
  readonly lastNewline: boolean;
  readonly mark: boolean;
}

const nulls = fc.constantFrom("", "NA", "null", "N/A").map((text): Cell => ({ value: null, text }));
const integer = fc
  .tuple(
    fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -99n, max: 99n })),
    fc.constantFrom("", "0", "+"),
    fc.boolean(),
  )
  .map(([value, lead, spaced]): Cell => {
    const digits = value < 0n ? `-${lead === "+" ? "" : lead}${-value}` : `${lead}${value}`;
    return { value, text: spaced ? ` ${digits}  ` : digits };
  });
const float = fc
  .tuple(fc.double({ noNaN: true }), fc.constantFrom("shortest", "exponent", "long", "fixed"))
  .map(([x, how]): Cell => {
    const text =
      how === "exponent"
        ? x.toExponential()
        : how === "long"
          ? x.toPrecision(25)
          : how === "fixed"
            ? x.toFixed(3)
            : String(x);
    return { value: Number(text), text: Object.is(x, -0) && how !== "fixed" ? "-0.0" : text };
  })
  .map(({ text }): Cell => ({ value: Number(text), text }));
const boolean = fc
  .constantFrom("true", "True", "TRUE", "false", "False", "FALSE")
  .map((text): Cell => ({ value: /^t/i.test(text), text }));
const string = fc
  .string({ unit: fc.constantFrom(..."abcxyz0189 ,;|\t'\"\n\r\\éß日🙂\u{10ffff}\ufeff\0", "abcdefgh"), maxLength: 24 })
  .map((text): Cell => ({ value: text, text }));
const stringNull = fc.constant<Cell>({ value: null, text: "" });

/** Dates and timestamps: test/frame/dates.test.ts. */
type Timeless = Exclude<ScalarType, "date" | "timestamp">;

const cells: Readonly<Record<Timeless, fc.Arbitrary<Cell>>> = {
  int64: fc.oneof({ weight: 5, arbitrary: integer }, { weight: 1, arbitrary: nulls }),
  float64: fc.oneof({ weight: 5, arbitrary: float }, { weight: 1, arbitrary: nulls }),
  bool: fc.oneof({ weight: 5, arbitrary: boolean }, { weight: 1, arbitrary: nulls }),
  string: fc.oneof({ weight: 5, arbitrary: string }, { weight: 1, arbitrary: stringNull }),
};

const dialect: fc.Arbitrary<Dialect> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  quote: fc.constantFrom('"', '"', "'"),
  newline: fc.constantFrom("\n", "\r\n"),
  lastNewline: fc.boolean(),
  mark: fc.boolean(),
});

/** Columns, rows of cells, and for each cell whether it is quoted without need. */
const table = fc
  .array(fc.constantFrom<Timeless>("int64", "float64", "bool", "string"), { minLength: 1, maxLength: 5 })
  .chain((types) =>
    fc.record({
      types: fc.constant(types),
      rows: fc.array(fc.tuple(...types.map((type) => fc.tuple(cells[type], fc.boolean()))), { maxLength: 25 }),
      names: fc.uniqueArray(fc.string({ unit: fc.constantFrom(...'ab ,"\n;é'), minLength: 1, maxLength: 6 }), {
        minLength: types.length,
        maxLength: types.length,
      }),
    }),
  );

function write({ delimiter, newline, lastNewline, mark }: Dialect, records: readonly (readonly string[])[]): string {
  const text = records.map((fields) => `${fields.join(delimiter)}${newline}`).join("");
  return (mark ? "\ufeff" : "") + (lastNewline ? text : text.slice(0, -newline.length));
}

function field(
  text: string,
  isText: boolean,
  isNull: boolean,
  wanted: boolean,
  alone: boolean,
  dialect: Dialect,
): string {
  const { delimiter, quote } = dialect;
  // An unquoted empty field is null; a record of one empty field would be a blank line.
  const needed = [delimiter, quote, "\n", "\r"].some((c) => text.includes(c)) || (isText && text === "" && !isNull);
  const blank = alone && isNull && text === "";
  if (!needed && !(wanted && !isNull) && !blank) return text;
  return `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
}

test("what was written is read", { timeout: 60_000 }, async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(
      table,
      dialect,
      fc.constantFrom(1, 2, 5, 17, 100, 1 << 20),
      fc.boolean(),
      async ({ types, rows, names }, how, blockSize, onThreads) => {
        const alone = types.length === 1;
        // One text column alone cannot hold a null: its record would be a blank line.
        const kept = alone && types[0] === "string" ? rows.filter(([[cell]]) => cell.value !== null) : rows;
        const records = [
          names.map((name) => field(name, true, false, false, alone, how)),
          ...kept.map((row) =>
            row.map(([{ value, text }, wanted], i) =>
              field(text, types[i] === "string", value === null, wanted, alone, how),
            ),
          ),
        ];
        const url = `memory://random/${files++}.csv`;
        await store.put(url, Buffer.from(write(how, records)));
        const options: CsvOptions = {
          delimiter: how.delimiter,
          quote: how.quote,
          blockSize,
          types: Object.fromEntries(names.map((name, i) => [name, types[i]])),
        };
        const wanted: Plain = {
          columns: names.map((name, i) => ({ name, type: types[i] })),
          rows: kept.length,
          data: Object.fromEntries(names.map((name, i) => [name, kept.map((row) => row[i][0].value)])),
        };
        const found = plain(await (onThreads ? threads : inline).compute(readCsv(url, options)));
        expect(bits(found)).toBe(bits(wanted));
        await store.delete(url);
      },
    ),
    { numRuns: 300 },
  );
});

test("without types, the narrowest that hold every value are found", async () => {
  let files = 0;
  await fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom<Timeless>("int64", "float64", "bool")
        .chain((type) => fc.tuple(fc.constant(type), fc.array(cells[type], { minLength: 1, maxLength: 12 }))),
      fc.constantFrom(1, 7, 1 << 20),
      fc.nat(5),
      async ([type, column], blockSize, sample) => {
        const url = `memory://types/${files++}.csv`;
        const text = `id,x\n${column.map((cell, i) => `${i},${cell.text}\n`).join("")}`;
        await store.put(url, Buffer.from(text));
        const seen = column.filter(({ value }) => value !== null);
        const whole = (cell: Cell) => parseInteger(cell.text) !== undefined;
        const sampleRows = type === "bool" ? 1_000 : sample + 1;
        // What the sample says nothing about is float64, and may hold integers.
        const unknown = column.slice(0, sampleRows).every(({ value }) => value === null);
        const isFloat = unknown || (type === "float64" && !seen.every(whole));
        const narrowest = isFloat ? "float64" : type === "bool" ? "bool" : "int64";
        const found = plain(await inline.compute(readCsv(url, { blockSize, sampleRows })));
        expect(found.columns[1].type).toBe(narrowest);
        const wanted = column.map(({ value }) => (value === null ? null : Number(value)));
        expect(found.data["x"].map((v) => (v === null ? null : Number(v) + 0))).toEqual(
          wanted.map((v) => (v === null ? null : v + 0)),
        );
        await store.delete(url);
      },
    ),
    { numRuns: 200 },
  );
});

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { formatTable } from "../../lib/collections/dataframe/format-table.ts";
import { civilOf, daysOf, isoWeek, weekdayOf } from "../../lib/collections/time/calendar.ts";
import { parseDate, parseIso, parseTimestamp, spellDate, spellTimestamp } from "../../lib/collections/time/iso.ts";
import {
  Client,
  DataFrame,
  ValueError,
  col,
  fromSequence,
  lit,
  readCsv,
  size,
  type CsvOptions,
} from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failure } from "../csv/support.ts";

const store = defaultStore();
const inline = await Client.local({ workers: 0, store, progress: false });
const threads = await Client.local({ workers: 2, store, progress: false });
afterAll(() => Promise.all([inline.close(), threads.close()]));

async function csv(name: string, text: string, options: CsvOptions = {}): Promise<DataFrame> {
  await store.put(`memory://dates/${name}.csv`, Buffer.from(text));
  return readCsv(`memory://dates/${name}.csv`, options);
}

/** A frame as its table is printed: dates and timestamps as ISO 8601 has them. */
async function shown(frame: DataFrame, client = inline): Promise<string[]> {
  const lines = formatTable(await client.compute(frame), 1_000).split("\n");
  return [...lines.slice(0, 2), ...lines.slice(3, -1)].map((line) => line.trim().replace(/ +/g, " "));
}

/** JavaScript's own calendar: ±100 million days. */
const day = fc.oneof(
  fc.integer({ min: -100_000_000, max: 100_000_000 }),
  fc.integer({ min: -1_000_000, max: 3_000_000 }),
);
const instant = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe("the calendar", () => {
  test("has the days of JavaScript's own", () => {
    fc.assert(
      fc.property(day, (days) => {
        const date = new Date(days * 86_400_000);
        const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
        expect(civilOf(days)).toEqual(civil);
        expect(daysOf(civil.year, civil.month, civil.day)).toBe(days);
        expect(weekdayOf(days) % 7).toBe(date.getUTCDay());
      }),
      { numRuns: 3_000 },
    );
  });

  test("weeks have seven days, and 4 January is in the first", () => {
    fc.assert(
      fc.property(day, (days) => {
        const [monday, nextMonday] = [days - weekdayOf(days) + 1, days - weekdayOf(days) + 8];
        expect(isoWeek(days)).toEqual(isoWeek(monday));
        expect(isoWeek(nextMonday - 1)).toEqual(isoWeek(monday));
        expect(isoWeek(nextMonday)).not.toEqual(isoWeek(monday));
        const { year } = civilOf(days);
        expect(isoWeek(daysOf(year, 1, 4))).toEqual({ year, week: 1 });
      }),
    );
  });

  test("what it spells, it reads: days and µs of any year", () => {
    fc.assert(
      fc.property(day, (days) => {
        expect(parseDate(spellDate(days))).toBe(days);
      }),
    );
    fc.assert(
      fc.property(instant, (micros) => {
        // A number within ±2^53 is held as such.
        const value = Number.isSafeInteger(Number(micros)) ? Number(micros) : micros;
        expect(parseTimestamp(spellTimestamp(value))).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test("milliseconds are spelled as JavaScript does", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        const micros = BigInt(date.getTime()) * 1000n;
        const value = Number.isSafeInteger(Number(micros)) ? Number(micros) : micros;
        expect(spellTimestamp(value)).toBe(date.toISOString().replace(".000Z", "Z"));
        expect(parseIso(date.toISOString())).toEqual({ type: "timestamp", value });
      }),
      { numRuns: 1_000 },
    );
  });

  test("any text is read or not, without an error", () => {
    const piece = fc.constantFrom("2023", "-", "01", "31", "T", " ", ":", "+", "Z", ".", "5", "00", "é");
    fc.assert(fc.property(fc.array(piece, { maxLength: 14 }), (parts) => void parseIso(parts.join(""))));
  });
});

const TIMES = `n,d,at
1,2023-01-31,2023-01-31 12:34:56.789
2,,NA
3,"2024-02-29",2024-02-29T00:00:00+01:00
4,1600-02-29,1684-07-28T00:12:25.259007Z
5,1969-12-31,9999-12-31T23:59:59.999999
6,2023-01-31,"0001-01-01"
7, 2023-02-01 ,1969-12-31 23:59:59.999999
`;
const types = { d: "date", at: "timestamp" } as const;

describe("CSV", () => {
  test("days and instants are read where types say so", async () => {
    const frame = await csv("times", TIMES, { types });
    expect(await shown(frame)).toEqual([
      "n d at",
      "int64 date timestamp",
      "1 2023-01-31 2023-01-31T12:34:56.789Z",
      "2 null null",
      "3 2024-02-29 2024-02-28T23:00:00Z",
      "4 1600-02-29 1684-07-28T00:12:25.259007Z",
      "5 1969-12-31 9999-12-31T23:59:59.999999Z",
      "6 2023-01-31 0001-01-01T00:00:00Z",
      "7 2023-02-01 1969-12-31T23:59:59.999999Z",
    ]);
    const table = await inline.compute(frame);
    expect(table.schema.fields.map(({ type }) => String(type))).toEqual([
      "Int64",
      "Date32<DAY>",
      "Timestamp<MICROSECOND>",
    ]);
    expect(table.getChild("d")?.data[0].values.slice(0, 3)).toEqual(Int32Array.from([19_388, 0, 19_782]));
  });

  test("they stay strings unless that is asked for, and are found where it is", async () => {
    expect((await shown(await csv("times", TIMES)))[1]).toBe("int64 string string");
    expect((await shown(await csv("times", TIMES.replace(/^7.*\n/m, ""), { inferDates: true })))[1]).toBe(
      "int64 date timestamp",
    );
    expect((await shown(await csv("mixed", "a,b\n2023-01-31,2023-01-31\nx,5\n", { inferDates: true })))[1]).toBe(
      "string string",
    );
  });

  test("a column of days that meets an instant behind the sample becomes timestamps; text is an error, or widens to it", async () => {
    const late = await csv("late", "d\n2023-01-31\n2023-01-31T10:00\n", { inferDates: true, sampleRows: 1 });
    expect(await shown(late)).toEqual(["d", "timestamp", "2023-01-31T00:00:00Z", "2023-01-31T10:00:00Z"]);
    const text = "d\n2023-01-31\nsoon\n";
    const refused = await failure(inline.compute(await csv("soon", text, { inferDates: true, sampleRows: 1 })));
    expect(refused).toMatchObject({ name: "ValueError", fields: { column: "d", text: "soon", row: 2, offset: 13 } });
    const widened = await csv("soon", text, { inferDates: true, sampleRows: 1, widen: "string" });
    expect(await shown(widened)).toEqual(["d", "string", "2023-01-31", "soon"]);
  });

  test.each(["2023-02-29", "2023-1-1", "31.01.2023", "2023-01-31T12:00", "20230131"])("%s is no date", async (text) => {
    const error = await failure(inline.compute(await csv("bad", `d\n1970-01-01\n${text}\n`, { types: { d: "date" } })));
    expect(error).toMatchObject({
      name: "ValueError",
      fields: { column: "d", text, type: "date", row: 2, offset: 13 },
    });
  });

  test("the same for any block size, on threads, kept and by JSON", async () => {
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${i},${spellDate(i * 97 - 9_000)},"${spellTimestamp(i * 86_399_999_999 - 4e15)}"`,
    );
    const text = `n,d,at\n${rows.join("\n")}\n`;
    const whole = await shown(await csv("many", text, { types }));
    expect(whole).toHaveLength(402);
    for (const blockSize of [500, 3_000]) {
      const frame = await csv("many", text, { types, blockSize });
      expect(await shown(frame, threads)).toEqual(whole);
      const kept = await threads.persist(DataFrame.fromJSON(JSON.parse(JSON.stringify(frame))));
      expect(await shown(kept, threads)).toEqual(whole);
      await threads.release(kept);
    }
  });
});

describe("frames", () => {
  test("group by dates, extremes of timestamps, sorting, comparing", async () => {
    const frame = await csv("times", TIMES, { types });
    expect(
      await shown(frame.groupBy("d").agg({ rows: size(), first: col("at").min(), last: col("at").max() })),
    ).toEqual([
      "d rows first last",
      "date int64 timestamp timestamp",
      "1600-02-29 1 1684-07-28T00:12:25.259007Z 1684-07-28T00:12:25.259007Z",
      "1969-12-31 1 9999-12-31T23:59:59.999999Z 9999-12-31T23:59:59.999999Z",
      "2023-01-31 2 0001-01-01T00:00:00Z 2023-01-31T12:34:56.789Z",
      "2023-02-01 1 1969-12-31T23:59:59.999999Z 1969-12-31T23:59:59.999999Z",
      "2024-02-29 1 2024-02-28T23:00:00Z 2024-02-28T23:00:00Z",
    ]);
    const months = frame.filter(col("d").ge("2023-01-01")).assign({ month: col("d").truncate("month") });
    expect(await shown(months.groupBy("month").agg({ rows: size() }))).toEqual([
      "month rows", "date int64", "2023-01-01 2", "2023-02-01 1", "2024-02-01 1",
    ]); // prettier-ignore
    expect((await shown(frame.sort("at").select("n"))).slice(2)).toEqual(["6", "4", "7", "1", "3", "5", "2"]);
    const between = frame.filter(col("at").between("1969-12-31", new Date("2023-02-01"))).select("n");
    expect((await shown(between)).slice(2)).toEqual(["1", "7"]);
  });

  test("aggregates that add are refused, in words", async () => {
    const frame = await csv("times", TIMES, { types });
    expect(await failure(inline.compute(frame.agg({ x: col("d").sum() })))).toMatchObject({
      name: "TypeMismatchError",
    });
    expect(await failure(inline.compute(frame.filter(col("d").gt(5))))).toMatchObject({ name: "TypeMismatchError" });
    expect(await failure(inline.compute(frame.filter(col("d").gt("soon"))))).toMatchObject({
      name: "TypeMismatchError",
    });
    expect(await failure(inline.compute(frame.assign({ x: col("d").hour() })))).toMatchObject({
      name: "TypeMismatchError",
    });
    expect(await failure(inline.compute(frame.assign({ x: col("d").truncate("hour") })))).toMatchObject({
      name: "TypeMismatchError",
    });
  });

  test("of items: Date objects and texts", async () => {
    const items = [
      { d: "2023-01-31", at: new Date(1.5e12) },
      { d: null, at: "9999-12-31T00:00:00Z" },
    ];
    const frame = fromSequence(items).toDataFrame({ types });
    expect(await shown(frame)).toEqual([
      "d at",
      "date timestamp",
      "2023-01-31 2017-07-14T02:40:00Z",
      "null 9999-12-31T00:00:00Z",
    ]);
    const wrong = await failure(inline.compute(fromSequence([{ d: "soon" }]).toDataFrame({ types: { d: "date" } })));
    expect(String(wrong)).toMatch(/Column "d" expects date, found 'soon'/);
  });

  test("constants: Date objects and texts", () => {
    expect(lit(new Date("2023-01-31T12:00:00.5Z")).node).toEqual({
      op: "lit",
      type: "timestamp",
      value: 1_675_166_400_500_000,
    });
    expect(lit("2023-01-31", "date").node).toEqual({ op: "lit", type: "date", value: 19_388 });
    expect(() => lit("2023-02-30", "date")).toThrow(/expects a date/);
    expect(() => lit(new Date(NaN))).toThrow(/invalid Date/);
  });

  test("what cannot be read or held names the value and the expression", async () => {
    const frame = await csv("words", "s,n\n2023-01-31,1\nsoon,99999999999\n");
    const read = await failure(inline.compute(frame.assign({ d: col("s").toDate() })));
    expect(String(read)).toMatch(/"soon" is no date. In: toDate\(s\)[^]*errors: "null"/);
    expect(read).toBeInstanceOf(ValueError);
    const cast = await failure(inline.compute(frame.assign({ d: col("n").cast("date") })));
    expect(String(cast)).toMatch(/99999999999 is beyond what a date can hold. In: cast\(n, date\)/);
    const later = await failure(
      inline.compute(frame.head(1).assign({ d: col("s").toDate().plus({ years: 6_000_000 }) })),
    );
    expect(String(later)).toMatch(/beyond what a date can hold/);
    const null_ = frame.assign({
      d: col("s").toDate(undefined, { errors: "null" }),
      e: col("n").cast("date", { errors: "null" }),
    });
    expect(await shown(null_)).toEqual([
      "s n d e",
      "string int64 date date",
      "2023-01-31 1 2023-01-31 1970-01-02",
      "soon 99999999999 null null",
    ]);
  });
});

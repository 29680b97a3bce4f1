import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Client, DataFrame, OptionError, ValueError, col, lit, readCsv, type Expression } from "../../lib/index.ts";
import { spellTimestamp } from "../../lib/collections/time/iso.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failure } from "../csv/support.ts";

/** What clocks in time zones show, against pandas: see test/fixtures/zones/make.py. */

interface Answer {
  readonly zone: string;
  readonly utc: readonly string[];
  readonly shown: readonly string[];
  /** The column `utc` as local times, by what is taken where clocks show a time twice. */
  readonly local: Readonly<Record<"first" | "second" | "null", readonly (string | null)[]>>;
}
const fixture = new URL("../fixtures/zones/answers.json", import.meta.url);
const answers = JSON.parse(await readFile(fixture, "utf8")) as readonly Answer[]; // made by the generator

const store = defaultStore();
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());

async function times(lines: readonly string[], value: Expression): Promise<(string | null)[]> {
  await store.put("memory://zones/times.csv", new TextEncoder().encode(`t\n${lines.join("\n")}\n`));
  const frame = readCsv("memory://zones/times.csv", { types: { t: "timestamp" } }).assign({ value });
  const column = (await client.compute(frame)).getChild("value");
  const micros = column?.data[0].values as BigInt64Array;
  return Array.from({ length: lines.length }, (_, i) =>
    column?.isValid(i) === true ? spellTimestamp(micros[i]) : null,
  );
}
/** To a µs, as pandas spells them. */
const spelled = (text: string | null) =>
  text === null
    ? null
    : spellTimestamp(BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(text.slice(20, 26)));

describe.each(answers.map((answer) => [answer.zone, answer] as const))("%s", (zone, { utc, shown, local }) => {
  test("what clocks show", async () => {
    expect(await times(utc, col("t").inTimeZone(zone))).toEqual(shown.map(spelled));
  });

  test.each(["first", "second", "null"] as const)(
    "and the instants of what they show, twice: %s",
    async (ambiguous) => {
      const value = col("t").fromTimeZone(zone, { ambiguous, missing: "null" });
      expect(await times(utc, value)).toEqual(local[ambiguous].map(spelled));
    },
  );
});

test("fields, days and offsets", async () => {
  const at = lit("2023-07-01T23:30:00Z", "timestamp");
  const frame = readCsv("memory://zones/times.csv")
    .head(1)
    .select("t")
    .assign({
      hour: at.inTimeZone("Europe/Berlin").hour(),
      day: at.inTimeZone("Asia/Kolkata").cast("date").cast("string"),
      month: at.inTimeZone("+05:30").truncate("month").cast("string"),
      back: at.inTimeZone("America/New_York").fromTimeZone("America/New_York").eq(at),
      old: lit("0044-03-15T00:00:00Z", "timestamp").inTimeZone("Europe/Rome").cast("string"),
      date: lit("2023-01-01", "date").inTimeZone("Europe/Berlin").hour(),
      nothing: lit(null).inTimeZone("UTC").isNull(),
    });
  const [row] = (await client.compute(frame)).toArray();
  const found = { ...(row as unknown as Record<string, unknown>) };
  delete found["t"];
  // Rome's clocks went by the sun until 1866: 49 minutes and 56 seconds ahead.
  expect(found).toEqual({
    hour: 1n,
    day: "2023-07-02",
    month: "2023-07-01T00:00:00Z",
    back: true,
    old: "0044-03-15T00:49:56Z",
    date: 1n,
    nothing: true,
  });
});

test("times that clocks show twice, or never", async () => {
  const of = (text: string, value: (time: Expression) => Expression) => times([text], value(col("t")));
  const twice = await failure(of("2023-10-29T02:30:00", (time) => time.fromTimeZone("Europe/Berlin")));
  expect(twice).toBeInstanceOf(ValueError);
  expect(twice.message).toContain("Clocks in Europe/Berlin show 2023-10-29T02:30:00 twice.");
  const never = await failure(of("2023-03-26T02:30:00", (time) => time.fromTimeZone("Europe/Berlin")));
  expect(never.message).toContain("Clocks in Europe/Berlin show 2023-03-26T02:30:00 never.");
  expect(await of("2023-03-26T02:30:00", (time) => time.fromTimeZone("Europe/Berlin", { missing: "shift" }))).toEqual([
    "2023-03-26T01:30:00Z",
  ]);
});

test("are data, and refuse what is no zone", () => {
  const frame = readCsv("memory://zones/times.csv").assign({
    a: col("t").inTimeZone("Asia/Tokyo"),
    b: col("t").fromTimeZone("UTC", { missing: "null" }),
  });
  expect(String(DataFrame.fromJSON(JSON.parse(JSON.stringify(frame.toJSON()))))).toBe(String(frame));
  expect(String(frame)).toContain('a = inTimeZone(t, "Asia/Tokyo")');
  expect(() => col("t").inTimeZone("Europe/Berln")).toThrow(OptionError);
  expect(() => col("t").inTimeZone("Europe/Berln")).toThrow(
    /expects a time zone, as "Europe\/Berlin" for zone, found "Europe\/Berln"/,
  );
  expect(() => col("t").fromTimeZone("UTC", { ambiguous: "both" as "first" })).toThrow(/ambiguous/);
});

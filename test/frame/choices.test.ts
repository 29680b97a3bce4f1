import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { expressionAt } from "../../lib/collections/check-expression.ts";
import type { ScalarType, Schema } from "../../lib/collections/schema.ts";
import { SCALAR_TYPES, widerOf } from "../../lib/collections/schema.ts";
import { typeOf } from "../../lib/collections/typing.ts";
import type { Expression } from "../../lib/index.ts";
import { Client, OptionError, PlanError, ValueError, col, lit, readCsv, when } from "../../lib/index.ts";
import { defaultStore } from "../../lib/store/default-store.ts";
import { failure, plain } from "../csv/support.ts";

const store = defaultStore();
const client = await Client.local({ workers: 0, store, progress: false });
afterAll(() => client.close());

async function values(text: string, expression: Expression, types: Record<string, ScalarType> = {}) {
  await store.put("memory://choices/a.csv", Buffer.from(text));
  return plain(await client.compute(readCsv("memory://choices/a.csv", { types }).assign({ x: expression }))).data["x"];
}

describe("what a row does not choose is not computed for it", () => {
  const text = "s,n\n12,1\n-,2\n7,9223372036854775807\n";
  const number = col("s").cast("int64");

  test("a cast behind a condition", async () => {
    const guarded = when(col("s").ne("-")).then(number).otherwise(0);
    expect(await values(text, guarded)).toEqual([12n, 0n, 7n]);
    expect(
      await values(text, when(col("s").eq("-")).then(null).when(number.gt(10)).then(number).otherwise(-1)),
    ).toEqual([12n, null, -1n]);
  });

  test("an overflow behind one, and behind coalesce", async () => {
    expect(await values(text, when(col("n").lt(10)).then(col("n").add(1)).otherwise(col("n")))).toEqual([
      2n,
      3n,
      9223372036854775807n,
    ]);
    const first = col("s").cast("int64", { errors: "null" });
    expect(await values("s,n\n12,x\n-,2\n", first.coalesce(col("n").cast("int64")), { n: "string" })).toEqual([
      12n,
      2n,
    ]);
  });

  test("without the condition it is an error that names the text and the expression", async () => {
    const error = await failure(values(text, number.add(1)));
    expect(error).toBeInstanceOf(ValueError);
    expect(error).toMatchObject({ fields: { text: "-", type: "int64", expression: "cast(s, int64)" } });
  });

  test("a filter that may fail keeps behind the one that guards it", async () => {
    await store.put("memory://choices/a.csv", Buffer.from(text));
    const frame = readCsv("memory://choices/a.csv").filter(col("s").ne("-")).filter(number.gt(10)).select("s");
    expect(plain(await client.compute(frame)).data).toEqual({ s: ["12"] });
  });
});

test("a cast meets no text of a wrong guess: a range that begins inside quotes is read again", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => `${i},"x\nno,number,here\n",${i}`).join("\n");
  await store.put("memory://choices/quoted.csv", Buffer.from(`a,b,c\n${rows}\n`));
  const frame = readCsv("memory://choices/quoted.csv", {
    types: { a: "string", b: "string", c: "string" },
    blockSize: 100,
  });
  const sum = frame.agg({ a: col("a").cast("int64").sum(), c: col("c").cast("int64").sum() });
  expect(plain(await client.compute(sum)).data).toEqual({ a: [19_900n], c: [19_900n] });
});

test("pieces of a text are the text again", async () => {
  const character = fc.constantFrom("a", "-", "é", "🙂", "e\u0301", "日", "ß");
  const text = fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(""));
  const cut = fc.integer({ min: -14, max: 14 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), cut, async (texts, at) => {
      const file = `s\n${texts.map((t) => `"${t}"`).join("\n")}\n`;
      const s = col("s");
      expect(await values(file, s.slice(0, at).concat(s.slice(at)), { s: "string" })).toEqual(texts);
      expect(
        await values(
          file,
          s.split("-").get(0).concat("-", s.split("-").get(-1)).length().le(s.length().add(s.length()).add(1)),
          { s: "string" },
        ),
      ).not.toContain(false);
      expect(await values(file, s.padStart(20, "🙂").length(), { s: "string" })).toEqual(texts.map(() => 20n));
      expect(await values(file, s.contains(s.slice(1, 3)).and(s.endsWith(s.slice(-2))), { s: "string" })).not.toContain(
        false,
      );
    }),
    { numRuns: 60 },
  );
});

describe("types", () => {
  const schema: Schema = SCALAR_TYPES.map((type) => ({ name: type, type }));
  const c = (type: ScalarType) => col(type);

  test.each<[Expression, string]>([
    [when(c("bool")).then(1).otherwise(0.5), "float64"],
    [when(c("bool")).then(c("date")).otherwise(c("timestamp")), "timestamp"],
    [when(c("bool")).then(1), "int64"],
    [c("int64").coalesce(c("float64")), "float64"],
    [c("string").split("-").count(), "int64"],
    [c("date").sub(c("date")), "int64"],
    [c("timestamp").sub(c("date")), "int64"],
    [lit(7).add(c("date")), "date"],
    [c("timestamp").truncate("hour"), "timestamp"],
    [c("float64").round(2), "float64"],
    [c("int64").clip(0, 1.5), "float64"],
    [c("string").cast("timestamp"), "timestamp"],
  ])("%s is %s", (expression, type) => expect(typeOf(expression.node, schema)).toBe(type));

  test.each<[Expression, RegExp]>([
    [when(c("bool")).then(1).otherwise("a"), /when\(bool, 1, "a"\) is no use of bool, int64, string/],
    [when(c("int64")).then(1).otherwise(2), /is no use of/],
    [c("string").concat(c("int64")), /needs string, found int64: int64/],
    [c("date").add(1.5), /needs int64 or float64 or bool, found date and float64/],
    [c("date").add(c("date")), /found date and date/],
    [c("date").plus({ hours: 1 }), /no use of date/],
    [c("float64").cast("date"), /float64 is cast to bool, int64, string/],
    [c("date").eq("2023-02-30"), /sets date against string/],
    [c("date").isIn(["soon"]), /sets date against string/],
  ])("%s is refused", (expression, message) => expect(() => typeOf(expression.node, schema)).toThrow(message));

  test("the wider of two types does not depend on their order, and widening again changes nothing", () => {
    for (const a of [...SCALAR_TYPES, "null"] as const)
      for (const b of [...SCALAR_TYPES, "null"] as const) {
        const wider = widerOf(a, b, true);
        expect(widerOf(b, a, true)).toBe(wider);
        expect(widerOf(a, wider ?? "null", true)).toBe(wider);
        expect(widerOf(a, b) ?? "string").toBe(wider);
      }
    expect([widerOf("int64", "float64"), widerOf("date", "timestamp"), widerOf("bool", "int64")]).toEqual([
      "float64",
      "timestamp",
      undefined,
    ]);
  });
});

describe("JSON", () => {
  const call = (value: unknown) => () => expressionAt(value, "x");
  const s = { op: "col", name: "s" };

  test("comes back as it was", () => {
    const all = [
      col("s").replace(/a(b)/i, "$1").slice(1, -1), col("s").like("a%", { ignoreCase: true }), col("d").plus({ years: 1, hours: 2 }), lit("1600-01-01T00:00:00Z", "timestamp"),
      when(col("b")).then(1).otherwise(col("s").toDate("%d/%m/%Y", { errors: "null" })), col("s").cast("int64", { errors: "null" }), col("f").clip(null, 3),
    ]; // prettier-ignore
    for (const { node } of all) expect(expressionAt(JSON.parse(JSON.stringify(node)), "x")).toEqual(node);
  });

  test.each<[unknown, string]>([
    [{ op: "lowr", args: [s] }, "x.op"],
    [{ op: "lower", args: [] }, "x.args"],
    [{ op: "lower", args: [s, s] }, "x.args"],
    [{ op: "lower", args: [s], params: { a: 1 } }, "x.params.a"],
    [{ op: "slice", args: [s] }, "x.params"],
    [{ op: "slice", args: [s], params: { start: 0.5 } }, "x.params.start"],
    [{ op: "matches", args: [s], params: { pattern: "(" } }, "x.params.pattern"],
    [{ op: "matches", args: [s], params: { pattern: "a", flags: "g" } }, "x.params.flags"],
    [{ op: "truncate", args: [s], params: { unit: "hours" } }, "x.params.unit"],
    [{ op: "format", args: [s], params: { format: "%Q" } }, "x.params.format"],
    [{ op: "cast", args: [s], to: "date", errors: "fail" }, "x.errors"],
    [{ op: "lit", type: "date", value: "2023-01-31" }, "x.value"],
    [{ op: "when", args: [s, s, { op: "nope" }] }, "x.args[2].op"],
  ])("%j is refused at %s", (json, path) => {
    expect(call(json)).toThrow(PlanError);
    expect(call(json)).toThrow(
      expect.objectContaining({ fields: expect.objectContaining({ path }) as unknown }) as Error,
    );
  });

  test("and so it is where it is written", () => {
    expect(() => col("s").matches("(")).toThrow(OptionError);
    expect(() => col("s").slice(0.5)).toThrow(/slice\(…\) expects a whole number for start, found 0.5/);
    expect(() => col("s").toDate("%Q")).toThrow(/directives/);
    expect(() => col("d").plus({ days: 0.5 })).toThrow(OptionError);
    // Casts: what plain JavaScript lets through.
    expect(() => col("d").truncate("hours" as "hour")).toThrow(/"hour"/);
    expect(() => col("s").contains({} as string)).toThrow(OptionError);
    expect(() => when(col("a")).then((() => 1) as unknown as number)).toThrow(/no promise/);
  });
});

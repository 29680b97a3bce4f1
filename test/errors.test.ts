import { once } from "node:events";
import { MessageChannel } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adopted } from "../lib/adopted.ts";
import type * as errors from "../lib/errors.ts";
import {
  AbanicoError,
  CallableError,
  CsvError,
  fromErrorRecord,
  StoreFaultError,
  toErrorRecord,
  type ErrorRecord,
} from "../lib/errors.ts";

/** Through a real port, as between threads. */
async function across(thrown: unknown): Promise<Error> {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(toErrorRecord(thrown));
  const [record] = (await once(port2, "message")) as [ErrorRecord];
  port1.close();
  return fromErrorRecord(record);
}

describe("an error across a thread", () => {
  test.each([
    ["Error", new Error("m")],
    ["EvalError", new EvalError("m")],
    ["RangeError", new RangeError("m")],
    ["ReferenceError", new ReferenceError("m")],
    ["SyntaxError", new SyntaxError("m")],
    ["TypeError", new TypeError("m")],
    ["URIError", new URIError("m")],
  ])("%s keeps its class, message, stack and name", async (name, error) => {
    const back = await across(error);
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
    expect(back).toMatchObject({ name, message: "m" });
    expect(back.stack).toBe(error.stack);
    expect(Object.keys(back)).toEqual([]);
  });

  test("is ours also where another copy of the library has thrown it", async () => {
    const other = (await import(/* @vite-ignore */ `../lib/errors.ts${"?copy"}`)) as typeof errors;
    const error = new other.StoreFaultError("busy", { fields: { url: "s3://b/k" }, fix: "wait", retryable: true });
    expect(error).not.toBeInstanceOf(AbanicoError);
    for (const back of [await across(error), adopted(error)]) {
      expect(back).toBeInstanceOf(StoreFaultError);
      expect(back).toMatchObject({ fields: { url: "s3://b/k" }, fix: "wait", retryable: true, message: error.message });
    }
    const own = new CsvError("own");
    expect(adopted(own)).toBe(own);
    expect(adopted("text").cause).toBe("text");
  });

  test("keeps its cause and its own fields, nested ones too", async () => {
    const cause = Object.assign(new TypeError("inner"), { code: "E_IN" });
    const error = Object.assign(new RangeError("outer", { cause }), {
      code: "E_OUT",
      at: { path: ["a", 1, { deep: null }], on: true },
      when: new Date(0),
      skipped: () => 1,
      big: 5n,
    });
    const back = await across(error);
    expect(back).toMatchObject({ code: "E_OUT", at: error.at, when: "1970-01-01T00:00:00.000Z" });
    expect(Object.keys(back).sort()).toEqual(["at", "code", "when"]);
    expect(back.cause).toBeInstanceOf(TypeError);
    expect(back.cause).toMatchObject({ message: "inner", code: "E_IN" });
  });

  test("of Node's keeps its code", async () => {
    const error = (() => {
      try {
        return Buffer.alloc(-1);
      } catch (thrown) {
        return thrown;
      }
    })();
    const back = await across(error);
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ code: "ERR_OUT_OF_RANGE", name: (error as Error).name });
  });

  test("of a user's class comes back as what that extends, under its name", async () => {
    class Mine extends TypeError {
      override name = "Mine";
      fault = 3;
    }
    const back = await across(new Mine("m"));
    expect(back).toBeInstanceOf(TypeError);
    expect(back).toMatchObject({ name: "Mine", message: "m", fault: 3 });
    expect(Object.keys(back)).toEqual(["fault"]);
  });

  test("AggregateError keeps its errors, SuppressedError what it suppressed", async () => {
    const back = (await across(new AggregateError([new TypeError("a"), "b"], "both"))) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toMatchObject([{ name: "TypeError", message: "a" }, { thrown: "b" }]);
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    if (typeof SuppressedError === "undefined") return; // Node 22 has none
    const suppressed = await across(new SuppressedError(new TypeError("late"), new RangeError("early"), "s"));
    expect(suppressed).toBeInstanceOf(SuppressedError);
    expect(suppressed).toMatchObject({ error: { message: "late" }, suppressed: { message: "early" } });
  });

  test("DOMException keeps name and code", async () => {
    const back = await across(new DOMException("stop", "AbortError"));
    expect(back).toBeInstanceOf(DOMException);
    expect(back).toMatchObject({ name: "AbortError", code: 20, message: "stop" });
    const timeout = await across(new DOMException("t", "TimeoutError"));
    expect(timeout).toMatchObject({ name: "TimeoutError", code: 23 });
  });

  test("of ours keeps tag, fields and fix", async () => {
    const error = new CsvError("row 3", { fields: { row: 3 }, fix: "mend it.", retryable: true });
    const back = await across(error);
    expect(back).toBeInstanceOf(CsvError);
    expect(back).toMatchObject({
      tag: "Csv",
      message: "row 3\n  fix: mend it.",
      fields: { row: 3 },
      fix: "mend it.",
      retryable: true,
    });
    expect(await across(new CallableError("c"))).toBeInstanceOf(CallableError);
    expect(back).toBeInstanceOf(AbanicoError);
  });

  test.each<[unknown, string, object]>([
    ["boom", `a string ('boom') was thrown, not an Error`, { thrown: "boom", thrownType: "string" }],
    [42, "a number (42) was thrown, not an Error", { thrown: 42, thrownType: "number" }],
    [undefined, "undefined was thrown, not an Error", { thrownType: "undefined" }],
    [null, "null was thrown, not an Error", { thrown: null, thrownType: "null" }],
    [
      { code: 7, list: [1] },
      "an object ({ code: 7, list: [ 1 ] }) was thrown, not an Error",
      { thrown: { code: 7, list: [1] } },
    ],
    [Symbol("s"), "a symbol (Symbol(s)) was thrown, not an Error", { thrownType: "symbol" }],
    [10n, "a bigint (10n) was thrown, not an Error", { thrownType: "bigint" }],
  ])("%o, which is no error, keeps its value and says so", async (thrown, message, fields) => {
    const back = await across(thrown);
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({ message, ...fields });
  });

  test("ends, whatever holds whatever", async () => {
    const cyclic = Object.assign(new Error("c"), { self: {} as unknown });
    cyclic.self = { again: cyclic, list: [cyclic] };
    cyclic.cause = cyclic;
    const back = await across(cyclic);
    expect(back).toMatchObject({ message: "c", self: { list: [null] } });
    let nested = new AggregateError([], "leaf");
    for (let i = 0; i < 6; i++)
      nested = new AggregateError(
        Array.from({ length: 100 }, () => nested),
        `n${i}`,
      );
    expect(JSON.stringify(toErrorRecord(nested)).length).toBeLessThan(1e6);
    const wide = Object.assign(new Error("w"), { rows: Array.from({ length: 1e6 }, () => ({})) });
    expect(JSON.stringify(toErrorRecord(wide)).length).toBeLessThan(1e6);
  });

  test("that is hostile is told all the same", async () => {
    const hostile = new Error("h");
    Object.defineProperty(hostile, "bad", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    Object.assign(hostile, { message: { not: "text" }, name: undefined, stack: 5 });
    expect((await across(hostile)).message).toBe("{ not: 'text' }");
  });

  test("the record is JSON, and the same error through it", () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (message, own) => {
        const { name: _, message: _m, stack: _s, cause: _c, __proto__: _p, ...fields } = own as Record<string, unknown>;
        const error = Object.assign(new TypeError(message), fields);
        const back = fromErrorRecord(JSON.parse(JSON.stringify(toErrorRecord(error))) as ErrorRecord);
        expect(back.message).toBe(message);
        expect(JSON.stringify({ ...back })).toBe(JSON.stringify({ ...error }));
      }),
    );
  });
});

import { deepStrictEqual } from "node:assert";
import { describe, expect, test } from "vitest";
import type { AbanicoError } from "../lib/index.ts";
import { NotFoundError, delayed, fromSequence } from "../lib/index.ts";
import { decodeValue, encodeValue } from "../lib/values.ts";

const there = (value: unknown): unknown => decodeValue(encodeValue(value));

describe("what structured clone would make {} of", () => {
  const url = new URL("https://user@example.org:8080/a%20b?x=1#y");

  test.each([
    ["a URL", url],
    ["in an array", [1, url]],
    ["deep in an object", { a: { b: [{ c: url }] } }],
    ["in a Map, as key and value", new Map<unknown, unknown>([[url, { url }]])],
    ["in a Set", new Set([1, url, 2])],
    ["in a large list", Array.from({ length: 3_000 }, (_, i) => ({ i, at: new URL(`https://example.org/${i}`) }))],
    ["a query", { query: new URLSearchParams("a=1&a=2&b=%20") }],
  ])("%s travels", (_, value) => deepStrictEqual(there(value), value));

  test("headers travel, several cookies too", () => {
    const headers = new Headers({ "content-type": "text/plain" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    const [found] = there([headers]) as [Headers];
    expect(found).toBeInstanceOf(Headers);
    expect([...found]).toEqual([...headers]);
    expect(found.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("the order of a Set and of a Map, shared parts and cycles stay", () => {
    const value: { url: URL; again: unknown[]; self?: unknown; set: Set<unknown> } = {
      url,
      again: [url],
      set: new Set([3, url, 1]),
    };
    value.self = value;
    const found = there(value) as typeof value;
    expect(found.self).toBe(found);
    expect(found.again[0]).toBe(found.url);
    expect([...found.set]).toEqual([3, found.url, 1]);
  });

  test("errors keep their class, fields and cause", () => {
    class QuotaError extends RangeError {
      override name = "QuotaError";
      limit = 5;
    }
    const error = new NotFoundError("gone", { fields: { url: "s3://a" }, fix: "look elsewhere" });
    const given = [
      Object.assign(new TypeError("t"), { code: "E_T" }),
      new AggregateError([new Error("one")], "all"),
      new DOMException("late", "TimeoutError"),
      new Error("outer", { cause: error }),
      new QuotaError("full"),
    ] as const;
    const [coded, aggregate, late, outer, quota] = there(given) as Error[];
    expect(coded).toBeInstanceOf(TypeError);
    expect(coded).toMatchObject({ message: "t", code: "E_T", stack: given[0].stack });
    expect(aggregate).toMatchObject({ message: "all", errors: [{ message: "one" }] });
    expect(late).toBeInstanceOf(DOMException);
    expect(late).toMatchObject({ name: "TimeoutError", message: "late" });
    expect(outer.cause).toBeInstanceOf(NotFoundError);
    expect((outer.cause as AbanicoError).fields).toEqual({ url: "s3://a" });
    expect(quota).toBeInstanceOf(RangeError);
    expect(quota).toMatchObject({ name: "QuotaError", limit: 5 });
    // The outcomes of Promise.allSettled, as users return them.
    expect(there([{ status: "rejected", reason: given[0] }])).toMatchObject([{ reason: { code: "E_T" } }]);
  });

  test("instances of classes that no module exports become plain objects of their properties, with what these hold", () => {
    class Page {
      url = url;
      size = 3;
    }
    expect(there(new Page())).toEqual({ url, size: 3 });
    expect(there(Object.create(null))).toEqual({});
  });

  class Counter {
    #count = 1;
    get count() {
      return this.#count;
    }
  }
  class Marker {}
  class Job {
    input: unknown;
    constructor(input: unknown) {
      this.input = input;
    }
  }
  test.each([
    ["private members", { a: [new Counter()] }, /Counter, whose private member #count/],
    ["no properties", [new Marker()], /an instance of Marker, which has no properties/],
    ["a Response", new Response("x"), /Response/],
    ["a Blob", new Map([["a", new Blob([])]]), /Blob/],
    ["a signal", [new AbortController().signal], /AbortSignal/],
    ["a Delayed in an instance", new Job(delayed(1)), /a lazy collection \(Delayed\)/],
    ["a bag in a Set", new Set([fromSequence([1])]), /a lazy collection \(Bag\)/],
  ])("%s: refused, by name", (_, value, message) => expect(() => encodeValue(value)).toThrow(message));
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AbanicoError,
  Client,
  OptionError,
  PlanError,
  delayed,
  fromGlob,
  fromJSON,
  fromSequence,
  readImages,
  readJsonLines,
  readText,
} from "../../lib/index.ts";

/** What a program without types may give, or one that has read a value from elsewhere. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  5,
  -1,
  NaN,
  "",
  "x",
  {},
  [],
  true,
  Symbol("s"),
  () => 1,
  new Date(),
];
const [some, none] = [<T>(...values: T[]) => values, (wanted: (value: unknown) => boolean) => WRONG.filter(wanted)];

let client: Client;
beforeAll(async () => {
  client = await Client.local({ workers: 0, progress: false, memoryLimit: "2GB" });
});
afterAll(() => client.close());

type Use = (value: never) => unknown;
const id = <T>(x: T) => x;
const bag = fromSequence([1, 2, 3]);
const images = readImages("a.png");
const notObject = none((value) => typeof value !== "object" || value === null || Array.isArray(value)).slice(1);
const notText = none((value) => typeof value !== "string" || value === "");
const notFunction = none((value) => typeof value !== "function");
const notFutures = none((value) => !Array.isArray(value));
const one = () => client.submit(id, 1);

const CASES: readonly (readonly [string, readonly unknown[], Use])[] = [
  ["client.compute", WRONG, (value) => client.compute(value)],
  ["client.compute options", notObject, (value) => client.compute(bag, value)],
  ["client.compute signal", none((value) => value !== undefined), (value) => client.compute(bag, { signal: value })],
  ["client.persist", WRONG, (value) => client.persist(value)],
  ["client.explain", WRONG, (value) => client.explain(value)],
  ["client.release", WRONG, (value) => client.release(value)],
  ["client.submit", notFunction, (value) => client.submit(value)],
  ["client.run", notFunction, (value) => client.run(value)],
  ["client.map", notFunction, (value) => client.map(value, [1])],
  ["client.map items", notFutures, (value) => client.map(id, value)],
  ["client.with", notObject, (value) => client.with(value)],
  [
    "client.gather",
    none((value) => !(Array.isArray(value) || (value as object)?.constructor === Object)),
    (value) => client.gather(value),
  ],
  ["client.gather options", notObject, (value) => client.gather(one(), value)],
  ["client.wait", notFutures, (value) => client.wait(value)],
  ["client.wait of one", some(0), () => client.wait(one() as never)],
  ["client.wait of values", some([1], [null], [Promise.resolve()]), (value) => client.wait(value)],
  ["client.asCompleted", notFutures, (value) => client.asCompleted(value)],
  ["client.cancel", notFutures, (value) => client.cancel(value)],
  ["client.retry", notFutures, (value) => client.retry(value)],
  ["client.progress", notFutures, (value) => client.progress(value)],
  ["client.publish", notText, (value) => client.publish(value, bag)],
  ["client.publish what", WRONG, (value) => client.publish("a", value)],
  ["client.dataset", notText, (value) => client.dataset(value)],
  ["client.onEvent", notFunction, (value) => client.onEvent(value)],
  ["client.scale", WRONG.filter((value) => value !== 5), (value) => client.scale(value)],
  ["client.scatter options", notObject, (value) => client.scatter(1, value)],
  ["future.addDoneCallback", notFunction, (value) => one().addDoneCallback(value)],
  ["Client.local", notObject, (value) => Client.local(value)],
  ["Client.local output", some<unknown>(null, 5, "x"), (value) => Client.local({ workers: 0, output: value })],
  ["Client.local progress", some<unknown>(null, 5, "x"), (value) => Client.local({ workers: 0, progress: value })],
  ["Client.local store", some<unknown>(null, 5, "x", {}), (value) => Client.local({ workers: 0, store: value })],
  ["Client.connect", WRONG, (value) => Client.connect(value)],
  ["bag.map", notFunction, (value) => bag.map(value)],
  ["bag.onError", WRONG, (value) => bag.onError(value)],
  ["bag.groupBy options", notObject, (value) => bag.groupBy(id, value)],
  ["bag.zip", WRONG.filter((value) => !Array.isArray(value)), (value) => bag.zip(value)],
  ["bag.take", none((value) => value !== 5), (value) => bag.take(value)],
  ["bag.repartition", none((value) => value !== 5), (value) => bag.repartition(value)],
  ["bag.toDataFrame types", notObject, (value) => bag.toDataFrame({ types: value })],
  ["bag.writeText", notText, (value) => bag.writeText(value)],
  ["fromSequence", notFutures, (value) => fromSequence(value)],
  ["fromGlob", notText, (value) => fromGlob(value)],
  ["readText options", notObject, (value) => readText("a", value)],
  [
    "readText blockSize",
    none((value) => value !== undefined && value !== 5),
    (value) => readText("a", { blockSize: value }),
  ],
  ["readJsonLines options", notObject, (value) => readJsonLines("a", value)],
  ["readImages", notText, (value) => readImages(value)],
  ["readImages options", notObject, (value) => readImages("a", value)],
  ["images.convert", WRONG, (value) => images.convert(value)],
  ["images.rotate options", notObject, (value) => images.rotate(90, value)],
  ["images.grayscale options", notObject, (value) => images.grayscale(value)],
  ["images.write", notText, (value) => images.write(value)],
  ["images.write options", notObject, (value) => images.write("a.png", value)],
  ["contactSheet.write", WRONG, (value) => images.contactSheet().write(value)],
  ["delayed options", notObject, (value) => delayed(id, value)],
  [
    "delayed.get",
    none((value) => typeof value !== "string" && typeof value !== "number"),
    (value) => delayed([1]).get(value),
  ],
  ["delayed.visualize format", WRONG.slice(1), (value) => delayed(id)(1).visualize({ format: value })],
];

describe("wrong arguments", () => {
  test.each(CASES)("of %s are told with what was expected, found, and what to do", async (_, values, use) => {
    for (const value of values) {
      const error: unknown = await (async () => use(value as never))().then(
        (given: unknown) => new Error(`nothing was refused: ${String(given)}`),
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(AbanicoError);
      expect(error).not.toHaveProperty("tag", "Internal");
      expect((error as AbanicoError).fix, String(error)).toBeTruthy();
      expect((error as Error).message).not.toMatch(/found (a|an) ?\.|found \.|a undefined|a object|NaNs/);
    }
  });

  test("messages name the value in few words", async () => {
    await expect(client.wait(one() as never)).rejects.toThrow("put it into an array: wait([future])");
    expect(() => client.cancel([Promise.resolve(1)] as never)).toThrow("expects futures, found a Promise in place 0");
    expect(() => bag.take("" as never)).toThrow('take(…) expects a whole number of at least 0, found "".');
    expect(() => client.publish("a", 5 as never)).toThrow(OptionError);
  });

  test("what is no description is told so", () => {
    expect(() => fromJSON({ kind: "bag" })).toThrow(
      /fromJSON\(…\) expects a description with one of frame, .*bag.*, found kind\.\n {2}fix: write/,
    );
    expect(() => fromJSON('{ "bag": 1 }')).toThrow(/fix: parse the text first/);
    for (const value of WRONG) expect(() => fromJSON(value)).toThrow(PlanError);
  });

  test("visualize takes options alone", async () => {
    expect(await delayed(id)(1).visualize({ format: "mermaid" })).toMatch(/^flowchart|^graph/);
  });
});

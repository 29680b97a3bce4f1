import { afterAll, describe, expect, test } from "vitest";
import { currentTask, runWithContext, taskContext, type TaskInfo } from "../../lib/callables/context.ts";
import { recordPrinted, takePrinted } from "../../lib/callables/console.ts";
import { refOf } from "../../lib/callables/describe.ts";
import { CallableError } from "../../lib/errors.ts";
import { Thread } from "./support.ts";

const thread = new Thread();
afterAll(() => thread.close());

const printed = async (fn: (...args: never[]) => unknown, ...args: unknown[]) =>
  (await thread.ask(refOf(fn, "map(…)"), ...args)).printed;

describe("what a task prints", () => {
  test("comes with its result, by stream and in order", async () => {
    const talk = () => {
      console.log("one %d", 1, { a: [1] });
      console.info("two");
      console.debug("three");
      console.error("four");
      console.warn("five");
      console.group("six");
      console.log("seven");
      console.groupEnd();
    };
    expect(await printed(talk)).toEqual([
      { stream: "stdout", text: "one 1 { a: [ 1 ] }\ntwo\nthree\n" },
      { stream: "stderr", text: "four\nfive\n" },
      { stream: "stdout", text: "six\n  seven\n" },
    ]);
    expect(await printed(() => 1)).toBe(undefined);
  });

  test("also when it is written to the streams, and when the task throws", async () => {
    const write = async () => {
      process.stderr.write("partly ");
      process.stdout.write(Buffer.from("grüße\n"));
      await new Promise<void>((resolve) => process.stdout.write("called back\n", () => resolve()));
      throw new Error("behind it");
    };
    expect(await printed(write)).toEqual([
      { stream: "stderr", text: "partly " },
      { stream: "stdout", text: "grüße\ncalled back\n" },
    ]);
  });

  test("is bounded, and says what was left out", async () => {
    const shout = (lines: number) => {
      for (let i = 0; i < lines; i++) console.log("x".repeat(1023));
    };
    const given = await printed(shout, 2_000);
    expect(given).toHaveLength(2);
    expect(given?.[0].text).toHaveLength(1 << 20);
    expect(given?.[1]).toEqual({
      stream: "stderr",
      text: `[${2_000 * 1024 - (1 << 20)} more characters of output were left out: a task keeps 1048576]\n`,
    });
    // The next task has its own bound.
    expect((await printed(shout, 1))?.[0].text).toHaveLength(1024);
  });

  test("stays the program's on the main thread", () => {
    const { write } = process.stdout;
    recordPrinted();
    expect(process.stdout.write).toBe(write);
    expect(takePrinted()).toBe(undefined);
  });
});

describe("the context of a task", () => {
  const info = (attempt: number): TaskInfo => {
    const { signal } = new AbortController();
    return { attempt, worker: 0, key: "k", signal, log: () => undefined, progress: () => undefined };
  };

  test("is there while the task runs, and not after", () => {
    expect(runWithContext(info(3), () => taskContext().attempt)).toBe(3);
    expect(currentTask()).toBe(undefined);
    expect(() => taskContext()).toThrow(CallableError);
    expect(() => taskContext()).toThrow(/outside of a task/);
  });

  test("goes on until an async function is done, whichever way", async () => {
    const later = async (fail: boolean) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (fail) throw new Error(`in attempt ${taskContext().attempt}`);
      return taskContext().attempt;
    };
    expect(await runWithContext(info(4), () => later(false))).toBe(4);
    expect(currentTask()).toBe(undefined);
    await expect(runWithContext(info(5), () => later(true))).rejects.toThrow("in attempt 5");
    expect(currentTask()).toBe(undefined);
  });

  test("ends with what throws, and lets go of what was abandoned", async () => {
    const fail = () => {
      throw new Error("no");
    };
    expect(() => runWithContext(info(1), fail)).toThrow("no");
    expect(currentTask()).toBe(undefined);
    // The first is timed out and left; it ends while the second runs, and takes nothing from it.
    const first = Promise.withResolvers<void>();
    const left = runWithContext(info(1), () => first.promise);
    const second = Promise.withResolvers<void>();
    const running = runWithContext(info(2), () => second.promise);
    first.resolve();
    await left;
    expect(taskContext().attempt).toBe(2);
    second.resolve();
    await running;
  });
});

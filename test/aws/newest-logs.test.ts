import { expect, test } from "vitest";
import { newestLogs, type LogPage } from "../../lib/runtime/aws/newest-logs.ts";

/** Groups of lines, which come in pages of so many, with an empty page before each. */
function pagesOf(groups: Readonly<Record<string, readonly number[]>>, size: number) {
  const asked: string[] = [];
  const page = async (group: string, token = "0"): Promise<LogPage> => {
    asked.push(`${group} ${token}`);
    const step = Number(token);
    if (step % 2 === 0) return { events: [], nextToken: String(step + 1) };
    const begin = ((step - 1) / 2) * size;
    const times = groups[group].slice(begin, begin + size);
    const events = times.map((timestamp) => ({ timestamp, message: `${group}${timestamp}`, logStreamName: "s" }));
    return begin + size < groups[group].length ? { events, nextToken: String(step + 1) } : { events };
  };
  return { page, asked };
}

const newest = async (groups: Readonly<Record<string, readonly number[]>>, limit: number) => {
  const { page } = pagesOf(groups, 3);
  const texts: string[] = [];
  for await (const { text } of newestLogs(Object.keys(groups), { since: 0, limit }, page)) texts.push(text);
  return texts;
};

test("the latest lines of all groups come by their time, however many older ones there are", async () => {
  const groups = { a: Array.from({ length: 20 }, (_, i) => i * 10), b: [5, 185, 187], c: [] };
  expect(await newest(groups, 4)).toEqual(["a180", "b185", "b187", "a190"]);
  expect(await newest(groups, 100)).toHaveLength(23);
  expect(await newest({ c: [] }, 4)).toEqual([]);
});

test("a group that has no end is not read for ever", async () => {
  let pages = 0;
  const page = async (): Promise<LogPage> => ({ events: [{ timestamp: ++pages, message: "x" }], nextToken: "more" });
  const times: number[] = [];
  for await (const { at } of newestLogs(["a"], { since: 0, limit: 2 }, page)) times.push(at);
  expect(times).toEqual([199, 200]);
});

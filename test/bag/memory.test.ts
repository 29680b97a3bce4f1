import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../lib/client/client.ts";
import { readText } from "../../lib/collections/bag/sources.ts";
import type { RunEvent } from "../../lib/runtime/runtime.ts";
import { folderFor } from "./subjects.ts";

const folder = folderFor("bag-memory");
const LINES = 300_000;

test("more than the memory limit is grouped and made distinct, through the disk", async () => {
  const path = join(folder(), "lines.txt");
  // 30 MB, all distinct.
  writeFileSync(path, Array.from({ length: LINES }, (_, i) => `${i} ${"abcdefghij".repeat(9)}\n`).join(""));
  await using client = await Client.local({ workers: 2, memoryLimit: "20MB", progress: false });
  let spilled = 0;
  client.onEvent((event: RunEvent) => {
    if (event.type === "spilled") spilled += event.bytes;
  });
  const lines = readText(path, { blockSize: "1MB" });
  const many = { partitions: 60 };
  expect(await lines.distinct(undefined, many).count().compute()).toBe(LINES);
  expect(spilled).toBeGreaterThan(10e6);
  const groups = lines.groupBy((line) => line.slice(0, line.indexOf(" ")), many).map(([, items]) => items.length);
  expect(await groups.fold((a, b) => a + b, 0).compute()).toBe(LINES);
  const refused = lines.groupBy((line) => line, { partitions: 1 }).count();
  await expect(refused.compute()).rejects.toMatchObject({ tag: "PlanTooLarge" });
}, 60_000);

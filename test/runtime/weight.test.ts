import { getHeapStatistics } from "node:v8";
import { expect, test } from "vitest";
import { weigh, weighFrom } from "../../lib/runtime/weight.ts";

const MIB = 2 ** 20;
const external = () => getHeapStatistics().external_memory;

/** What this many buffers of a MiB in shared memory weigh, in MiB; they are held on to. */
const held: Uint8Array[] = [];
function weightOf(count: number): number {
  const before = external();
  for (let i = 0; i < count; i++) held.push(weigh(new Uint8Array(new SharedArrayBuffer(MIB))));
  return Math.round((external() - before) / MIB);
}

test("shared memory counts, but the first of a thread: a sixteenth of its memory, 64 MiB at most", () => {
  expect(weightOf(8)).toBe(8);
  weighFrom(80 * MIB);
  expect(weightOf(12)).toBe(7);
  weighFrom(64 * 1024 * MIB);
  expect(weightOf(70)).toBe(6);
});

test("small buffers, and what is not shared, weigh nothing of their own", () => {
  weighFrom(0);
  const before = external();
  const one = new Uint8Array(1024);
  expect(weigh(one)).toBe(one);
  for (let i = 0; i < 100; i++) held.push(weigh(new Uint8Array(new SharedArrayBuffer(8 * 1024))));
  expect(external() - before).toBeLessThan(MIB / 2);
});

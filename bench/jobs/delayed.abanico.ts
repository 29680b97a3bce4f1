/** Two graphs of tiny calls, as a user writes them: delayed.abanico.ts WIDE,LEAVES THREADS. */
import type { Delayed } from "../../lib/index.ts";
import { loadAbanico, report } from "../measure.ts";

const { Client, delayed } = await loadAbanico();
const [counts, threads] = process.argv.slice(2);
const [wide, leaves] = counts.split(",").map(Number);

const inc = delayed((x: number) => x + 1);
const add = delayed((a: number, b: number) => a + b);
const sum = delayed((values: number[]) => values.reduce((a, b) => a + b, 0));

function increments(count: number): Delayed<number>[] {
  return Array.from({ length: count }, (_, i) => inc(i));
}

function tree(level: Delayed<number>[]): Delayed<number> {
  if (level.length === 1) return level[0];
  const next: Delayed<number>[] = [];
  for (let i = 0; i + 1 < level.length; i += 2) next.push(add(level[i], level[i + 1]));
  if (level.length % 2 === 1) next.push(level[level.length - 1]);
  return tree(next);
}

const open = () => Client.local({ workers: Number(threads), threadsPerWorker: 1 });
await report(open, async () => ({
  wide: await sum(increments(wide)).compute(),
  tree: await tree(increments(leaves)).compute(),
}));

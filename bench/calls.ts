import { fileURLToPath } from "node:url";
import { execute } from "./child.ts";
import { loadAbanico } from "./measure.ts";
import { findPeers } from "./peers.ts";

/**
 * Tiny calls a second, from `client.map` to the values that `gather` gives, with Dask's threaded scheduler beside it in the same rounds:
 * node bench/calls.ts [TASKS] [WORKERS] [ROUNDS]. Prints one JSON line. ABANICO_ENTRY names the compiled package
 * (`node scripts/build.ts --outdir FOLDER --no-types`, then FOLDER/index.js); without it, the sources run.
 */
const [count = 100_000, workers = 2, rounds = 5] = process.argv.slice(2).map(Number);
/** Dask is that much slower: its rate is measured on fewer. */
const PEER_TASKS = Math.min(count, 5_000);

const { Client } = await loadAbanico();
const startedAt = performance.now();
const client = await Client.local({ workers, progress: false });
await client.submit((x: number) => x + 1, 1);
const firstResultMs = Math.round(performance.now() - startedAt);

const script = new URL("./peers/calls.py", import.meta.url);
const say = (line: string) => void process.stderr.write(`${line}\n`);
const [dask] = await findPeers(
  [{ name: "dask", packages: ["dask"], script }],
  [String(PEER_TASKS), String(workers)],
  say,
);

const items = Array.from({ length: count }, (_, i) => i);
const rates: number[] = [];
const cpu: number[] = [];
const peer: { delayed: number; get: number }[] = [];
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage();
  const begin = performance.now();
  const futures = client.map((x: number) => x + 1, items);
  const values = await client.gather(futures);
  rates.push(count / ((performance.now() - begin) / 1_000));
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / count);
  if (values[count - 1] !== count) throw new Error(`wrong: ${values[count - 1]}`);
  for (const future of futures) future.release();
  if (dask === undefined) continue;
  const { code, stdout, stderr } = await execute(dask.command, dask.env);
  if (code !== 0) throw new Error(`${fileURLToPath(script)} failed: ${stderr}`);
  peer.push(JSON.parse(stdout) as { delayed: number; get: number }); // what the script prints
}
await client.close();

const callsPerSecond = median(rates);
const daskPerSecond = { delayed: median(peer.map(({ delayed }) => delayed)), get: median(peer.map(({ get }) => get)) };
const against = peer.length === 0 ? {} : { dask: dask?.version, daskPerSecond, ratio: ratioTo(daskPerSecond.get) };
console.log(
  JSON.stringify({
    job: "tiny calls",
    workers,
    calls: count,
    callsPerSecond,
    best: Math.round(Math.max(...rates)),
    cpuMicrosecondsPerCall: Number(median(cpu.map((us) => us * 100)) / 100),
    firstResultMs,
    ...against,
  }),
);

function median(values: readonly number[]): number {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

function ratioTo(peerRate: number): number {
  return Number((callsPerSecond / peerRate).toFixed(1));
}

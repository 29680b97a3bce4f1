/** The work of bench/memory.ts in a process of its own: work.ts CASE FOLDER OUT WORKERS LIMIT. Prints one JSON line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAbanico } from "../measure.ts";

const { Client, col, readCsv, size } = await loadAbanico();
const [name, folder, out, workers, limit] = process.argv.slice(2);

function frame() {
  if (name === "sort") return readCsv(join(folder, "g1.csv")).sort("v3");
  if (name === "groupby")
    return readCsv(join(folder, "g1.csv"))
      .groupBy("id3", "id6")
      .agg({ n: size(), v1: col("v1").sum() });
  const renamed = Object.fromEntries(["id1", "id2", "id4", "id5", "id6"].map((column) => [column, `big_${column}`]));
  return readCsv(join(folder, "x.csv")).join(readCsv(join(folder, "big.csv")).rename(renamed), { on: "id3" });
}

function status(field: "VmHWM" | "VmRSS"): number {
  const found = new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(readFileSync("/proc/self/status", "utf8"));
  if (found === null) throw new Error("the resident memory is read from /proc, which is not here");
  return Number(found[1]) * 1_024;
}

/** A small query, so that every thread has started and loaded its code: as it is between two queries. */
async function settle(): Promise<void> {
  const small = mkdtempSync(join(tmpdir(), "memory-bench-"));
  try {
    writeFileSync(join(small, "small.csv"), `k,v\n${"1,2\n".repeat(20_000)}`);
    const rows = readCsv(join(small, "small.csv"), { blockSize: 4_096 });
    await rows.groupBy("k").agg({ n: size() }).compute();
  } finally {
    rmSync(small, { recursive: true });
  }
}

await using _client = await Client.local({
  workers: Number(workers),
  threadsPerWorker: 1,
  memoryLimit: Number(limit),
});
await settle();
const baseBytes = status("VmRSS");
const begin = performance.now();
const written = await frame().writeArrow(out);
const seconds = (performance.now() - begin) / 1_000;
const { user, system } = process.cpuUsage();
const figures = { baseBytes, peakBytes: status("VmHWM"), seconds, cpuSeconds: (user + system) / 1e6 };
console.log(JSON.stringify({ ...figures, files: written.map(({ path }) => path) }));

/**
 * Proves that work on data larger than the memory limit stays within it:
 *
 *     node bench/memory.ts sort|join|groupby [--rows 8_000_000] [--workers 2] [--share 4] [--limit BYTES] [--peer]
 *
 * `--share`: memoryLimit, of one worker, is the data's bytes divided by it; `--limit` names it. The data are those of the h2o jobs. Each case runs in
 * a process of its own, writes its result as Arrow files, and tells the resident memory: before the query, with all workers started and their code
 * loaded (base), and at its highest (VmHWM: all threads, everything). It is within the limit where peak ≤ base + workers × memoryLimit.
 * Then Arrow's library reads the files, and rows and checksums are compared with what the CSV files come to, line by line. The exit status is 1 if they
 * differ, or if the limit was exceeded. `--peer`: DuckDB too, with the same memory_limit.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { execute, isAnswer } from "./child.ts";
import { makeGroups, makeJoins } from "./data/h2o.ts";
import type { Answer, DataSet } from "./job.ts";
import { checkGroups, checkJoin, checkSort } from "./memory/check.ts";
import { expectedOfGroups, expectedOfJoin, expectedOfSort } from "./memory/expected.ts";
import { findPeers } from "./peers.ts";

const DATA_FOLDER = fileURLToPath(new URL("../.bench/data", import.meta.url));

interface Case {
  data(folder: string, rows: number): Promise<DataSet>;
  readonly files: readonly string[];
  expected(folder: string, rows: number): Promise<Answer>;
  check(files: readonly string[]): Promise<Answer>;
}

const CASES: Readonly<Record<string, Case>> = {
  sort: {
    data: makeGroups,
    files: ["g1.csv"],
    expected: (folder) => expectedOfSort(join(folder, "g1.csv")),
    check: checkSort,
  },
  join: {
    data: makeJoins,
    files: ["x.csv", "big.csv"],
    expected: (folder, rows) => expectedOfJoin(join(folder, "x.csv"), join(folder, "big.csv"), rows),
    check: checkJoin,
  },
  groupby: {
    data: makeGroups,
    files: ["g1.csv"],
    expected: (folder, rows) => expectedOfGroups(join(folder, "g1.csv"), rows),
    check: checkGroups,
  },
};

interface Figures {
  readonly baseBytes: number;
  readonly peakBytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly files: readonly string[];
}

async function main(): Promise<boolean> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rows: { type: "string", default: "8_000_000" },
      workers: { type: "string", default: "2" },
      share: { type: "string", default: "4" },
      limit: { type: "string" },
      peer: { type: "boolean", default: false },
    },
  });
  const number = (text: string) => Number(text.replaceAll("_", ""));
  let isFine = true;
  for (const name of positionals.length === 0 ? Object.keys(CASES) : positionals) {
    const found = CASES[name];
    if (found === undefined) throw new Error(`there is no case "${name}", only ${Object.keys(CASES).join(", ")}`);
    const rows = number(values.rows);
    const { glob: folder } = await found.data(DATA_FOLDER, rows);
    let bytes = 0;
    for (const file of found.files) bytes += (await readFile(join(folder, file))).byteLength;
    const workers = number(values.workers);
    const limit = values.limit === undefined ? Math.floor(bytes / number(values.share)) : number(values.limit);
    isFine = (await prove(name, found, { folder, rows, bytes, workers, limit })) && isFine;
    if (values.peer) await runPeer(name, folder, workers, limit);
  }
  return isFine;
}

interface Setting {
  readonly folder: string;
  readonly rows: number;
  readonly bytes: number;
  readonly workers: number;
  readonly limit: number;
}

async function prove(name: string, found: Case, { folder, rows, bytes, workers, limit }: Setting): Promise<boolean> {
  const out = await mkdtemp(join(tmpdir(), "memory-bench-"));
  try {
    const script = fileURLToPath(new URL("memory/work.ts", import.meta.url));
    const run = await execute([process.execPath, script, name, folder, `${out}/`, String(workers), String(limit)]);
    if (run.code !== 0) throw new Error(`${name} ended with ${run.code}:\n${run.stderr.trim()}`);
    // The cast says what work.ts prints.
    const figures = JSON.parse(run.stdout.trimEnd().split("\n").at(-1) ?? "") as Figures;
    const [expected, answer] = [await expectedOf(name, found, folder, rows), await found.check(figures.files)];
    const isSame = answer["rows"] === expected["rows"] && answer["sum"] === expected["sum"];
    const allowed = figures.baseBytes + workers * limit;
    console.log(
      JSON.stringify({
        case: name,
        data: mb(bytes),
        limit: `${workers} × ${mb(limit)}`,
        base: mb(figures.baseBytes),
        peak: mb(figures.peakBytes),
        "base + limit": mb(allowed),
        within: figures.peakBytes <= allowed,
        seconds: Number(figures.seconds.toFixed(1)),
        cpuSeconds: Number(figures.cpuSeconds.toFixed(1)),
        rows: answer["rows"],
        "nothing lost": isSame,
      }),
    );
    if (!isSame) console.error(`${name}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(answer)}`);
    return isSame && figures.peakBytes <= allowed;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Computed once, and kept beside the data. */
async function expectedOf(name: string, { expected }: Case, folder: string, rows: number): Promise<Answer> {
  const path = join(folder, `memory-${name}.json`);
  if (existsSync(path)) {
    const known: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isAnswer(known)) return known;
  }
  const answer = await expected(folder, rows);
  await writeFile(path, JSON.stringify(answer));
  return answer;
}

async function runPeer(name: string, folder: string, workers: number, limit: number): Promise<void> {
  const out = await mkdtemp(join(tmpdir(), "memory-bench-"));
  try {
    const script = new URL("memory/duckdb.py", import.meta.url);
    const args = [folder, join(out, "out.parquet"), String(workers), String(workers * limit)];
    const say = (line: string) => console.error(line);
    for (const side of await findPeers([{ name, packages: ["duckdb"], script }], args, say)) {
      const { code, stdout, stderr } = await execute(side.command);
      const told = code === 0 ? stdout : JSON.stringify({ failed: stderr.trim().split("\n").at(-1) });
      console.log(`duckdb ${name}: ${told.trim()}`);
    }
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

process.exitCode = (await main()) ? 0 : 1;

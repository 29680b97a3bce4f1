/**
 * Runs benchmarks: `npm run bench -- JOB… [--rounds 5] [--rows N] [--threads N] [--smoke]`.
 *
 * Every run has a process of its own. Rounds are interleaved and rotated (A B C, B C A, …), so that a slow minute of
 * the machine hits all sides. A table goes to stderr, one JSON line a job to stdout. The exit status is 1 if a side
 * failed or answered wrongly; a missed bar is reported, not punished: machines differ.
 */
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { difference } from "./agree.ts";
import { formatBars, formatCase, judgeBars, runCases } from "./cases.ts";
import { execute, runSide } from "./child.ts";
import type { DataSet, Job, Run, Side } from "./job.ts";
import { findPeers } from "./peers.ts";
import { summarize } from "./summary.ts";
import { formatSummary } from "./table.ts";

const USAGE = "usage: npm run bench -- JOB… [--rounds 5] [--rows N] [--threads N] [--smoke]";
const DATA_FOLDER = fileURLToPath(new URL("../.bench/data", import.meta.url));

interface Settings {
  readonly rounds: number;
  /** Undefined: the job's own. */
  readonly rows: number | undefined;
  readonly threads: number;
  /** Tiny data, one round, no peers: shows that the job runs and that its answer is right. */
  readonly smoke: boolean;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<void> {
  const { names, settings } = parseCommandLine();
  for (const name of names) await runJob(await loadJob(name), settings);
}

function parseCommandLine(): { names: string[]; settings: Settings } {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      rows: { type: "string" },
      threads: { type: "string" },
      smoke: { type: "boolean", default: false },
    },
  });
  if (positionals.length === 0) throw new Error(`name a job.\n${USAGE}`);
  const rounds = values.smoke ? 1 : (positiveInteger("rounds", values.rounds) ?? 5);
  const rows = positiveInteger("rows", values.rows);
  const threads = positiveInteger("threads", values.threads) ?? availableParallelism();
  return { names: positionals, settings: { rounds, rows, threads, smoke: values.smoke } };
}

function positiveInteger(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${option} takes a positive integer, not ${text}`);
  return value;
}

async function loadJob(name: string): Promise<Job> {
  const url = new URL(`jobs/${name}.ts`, import.meta.url);
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(url)) throw new Error(`there is no job ${name} in bench/jobs`);
  // A module of bench/jobs exports its job under this name; anything else fails at once, below.
  const { job } = (await import(url.href)) as { job: Job };
  return job;
}

async function runJob(job: Job, settings: Settings): Promise<void> {
  const data = await job.data(DATA_FOLDER, settings.rows ?? (settings.smoke ? job.smokeRows : job.rows));
  const args = [data.glob, String(settings.threads)];
  const entry = await compile();
  const own: Side = {
    name: "abanico",
    version: version(),
    command: [process.execPath, fileURLToPath(job.abanico), ...args],
    env: { ABANICO_ENTRY: entry },
  };
  const peers = settings.smoke ? [] : await findPeers(job.peers, args, say);
  const sides = [own, ...peers];
  await warmPageCache(data);
  if (job.cases !== undefined) return reportCases(job, data, sides, settings);
  const runs = await runRounds(sides, settings.rounds, data);
  const summary = summarize(job, sides, runs);
  say(formatSummary(job, data, settings.rounds, summary));
  console.log(JSON.stringify({ ...facts(job, data, settings), ...summary }));
}

/** All cases, each told as it ends; the exit status is 1 if Abanico failed in one. */
async function reportCases(job: Job, data: DataSet, sides: readonly Side[], settings: Settings): Promise<void> {
  say(`${job.name}: ${job.title}, ${data.rows.toLocaleString("en")} rows, ${(data.bytes / 1e6).toFixed(1)} MB`);
  const cases = await runCases(job, sides, settings.rounds, (summary) => say(formatCase(summary)));
  const bars = judgeBars(job.caseBars ?? [], cases);
  say(`${formatBars(bars)}\n`);
  console.log(JSON.stringify({ ...facts(job, data, settings), cases, bars }));
  const failed = cases.filter((one) => one.sides[0].failure !== undefined).map(({ name }) => name);
  if (failed.length > 0) throw new Error(`abanico fails in ${failed.join(", ")}`);
}

function facts(job: Job, { rows, bytes, files }: DataSet, { threads, rounds }: Settings): object {
  const data = { rows, bytes, files: files.length };
  return { job: job.name, date: new Date().toISOString(), machine: machine(), threads, data, rounds };
}

/** Abanico as people install it: compiled. Answers where its entry is. */
async function compile(): Promise<string> {
  const out = fileURLToPath(new URL("../.bench/dist", import.meta.url));
  const build = fileURLToPath(new URL("../scripts/build.ts", import.meta.url));
  const { code, stdout, stderr } = await execute([process.execPath, build, "--outdir", out, "--no-types"]);
  if (code !== 0) throw new Error(`Abanico does not compile:\n${stdout}${stderr}`);
  return new URL("../.bench/dist/index.js", import.meta.url).href;
}

/** Runs all sides in each round, each round beginning with another side. Throws at the first wrong answer. */
async function runRounds(sides: readonly Side[], rounds: number, data: DataSet): Promise<Map<string, Run[]>> {
  const runs = new Map<string, Run[]>(sides.map((side) => [side.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < sides.length; i++) {
      const side = sides[(round + i) % sides.length];
      const run = await runSide(side);
      if (data.expected === undefined) throw new Error("the data has no expected answer");
      const wrong = difference(data.expected, run.answer);
      if (wrong !== undefined) throw new Error(`${side.name} answers wrongly: ${wrong}`);
      runs.get(side.name)?.push(run);
      if (process.stderr.isTTY) say(`round ${round + 1}/${rounds} ${side.name} ${run.seconds.toFixed(3)} s`);
    }
  }
  return runs;
}

async function warmPageCache(data: DataSet): Promise<void> {
  for (const file of data.files) {
    // Read and dropped: only the operating system is to keep it.
    for await (const _bytes of createReadStream(file, { highWaterMark: 1 << 22 }));
  }
}

function machine(): object {
  const { platform, arch, version: node } = process;
  const cpu = cpus()[0]?.model ?? "unknown";
  return { cpu, cores: availableParallelism(), memoryBytes: totalmem(), platform, arch, node };
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  // Our own package.json: the field is there.
  return (JSON.parse(text) as { version: string }).version;
}

try {
  await main();
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

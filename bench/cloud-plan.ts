/**
 * What planning a stage of many shards takes in the cloud: `node bench/cloud-plan.ts [--shards 1_000_000] [--files 1_000]`.
 *
 * Advance is called as Lambda calls it, over a bucket that is a folder of this machine: it reads the request, checks the plan, writes it and the manifest, and
 * answers. A JSON line tells the seconds, the peak of the process's memory and what it is without a plan, in MB.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type { Plan } from "../lib/plan/plan.ts";
import { advance } from "../lib/runtime/aws/advance.ts";
import { requestKey } from "../lib/runtime/aws/keys.ts";
import { putJson } from "../lib/runtime/aws/run-objects.ts";
import type { Services } from "../lib/runtime/aws/services.ts";
import { fileStore } from "../lib/store/file.ts";
import type { Store } from "../lib/store/store.ts";

const BLOCK_BYTES = 16 * 2 ** 20;

/** A bucket in a folder. */
function folderStore(root: string): Store {
  const files = fileStore();
  const inside = (url: string) => url.replace(/^s3:\/\/bucket\//, root);
  const outside = <T extends { readonly url: string }>(info: T): T => ({
    ...info,
    url: info.url.replace(root, "s3://bucket/"),
  });
  return {
    head: async (url, options) => outside(await files.head(inside(url), options)),
    open: (url, options) => files.open(inside(url), options),
    get: (url, options) => files.get(inside(url), options),
    put: async (url, bytes, options) => outside(await files.put(inside(url), bytes, options)),
    putStream: async (url, chunks, options) => outside(await files.putStream(inside(url), chunks, options)),
    async *list(prefix, options) {
      for await (const info of files.list(inside(prefix), options)) yield outside(info);
    },
    delete: (url) => files.delete(inside(url)),
  };
}

function servicesOver(store: Store): Services {
  const refuse = () => Promise.reject(new Error("planning does not need this"));
  return {
    store,
    bucket: "bucket",
    resultsQueue: "",
    taskBytes: 2 ** 30,
    queues: { create: async (run) => run, remove: refuse, send: refuse, receive: refuse, delete: refuse },
    startWork: refuse,
    startRun: refuse,
    clock: { now: () => Date.now(), remaining: () => 900_000, sleep: refuse },
    log: () => undefined,
  };
}

function planOf(shards: number, files: number): Plan {
  const size = Math.ceil(shards / files) * BLOCK_BYTES;
  const sources = Array.from({ length: files }, (_, i) => ({
    url: `s3://data/year=2026/part-${String(i).padStart(7, "0")}.csv`,
    size,
    etag: `"${String(i).padStart(32, "0")}"`,
  }));
  const stage = {
    id: "scan",
    work: { op: "frame.facts", params: {} },
    tasks: { kind: "ranges", sources, blockSize: BLOCK_BYTES },
    output: { kind: "fold", fold: { op: "list", params: {} } },
    estimate: { bytesIn: files * size, peakBytes: { all: 40e6 } },
  } as const;
  return { abanico: 1, stages: [stage], notes: [] };
}

const { values } = parseArgs({ options: { shards: { type: "string" }, files: { type: "string" } } });
const count = (text: string | undefined, otherwise: number) =>
  text === undefined ? otherwise : Number(text.replaceAll("_", ""));
const shards = count(values.shards, 1_000_000);
const files = count(values.files, 1_000);
const folder = await mkdtemp(join(tmpdir(), "abanico-cloud-plan-"));
try {
  const services = servicesOver(folderStore(`${pathToFileURL(folder).href}/`));
  const before = process.resourceUsage().maxRSS / 1024;
  const request = {
    abanico: 1,
    run: "bench",
    createdAt: Date.now(),
    what: { kind: "plan", plan: planOf(shards, files) },
  };
  await putJson(services, requestKey("bench"), request);
  const began = performance.now();
  const directive = await advance({ run: "bench" }, services);
  const seconds = (performance.now() - began) / 1000;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  const batches = directive.action === "stage" ? directive.batches : 0;
  const round = (value: number) => Math.round(value * 100) / 100;
  console.log(
    JSON.stringify({ shards, files, batches, seconds: round(seconds), peakMb: round(peakMb), emptyMb: round(before) }),
  );
} finally {
  await rm(folder, { recursive: true });
}

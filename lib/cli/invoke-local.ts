import { readFile, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Client } from "../client/client.ts";
import { isArrayWrite } from "../collections/array/array-write.ts";
import { ChunkedArray } from "../collections/array/chunked-array.ts";
import { DataFrame } from "../collections/dataframe/dataframe.ts";
import { fromJSON } from "../collections/from-json.ts";
import { objectAt } from "../collections/plain.ts";
import { InternalError, NotFoundError } from "../errors.ts";
import { objectUrl, pipelineKey } from "../runtime/aws/keys.ts";
import type { RunRequest } from "../runtime/aws/protocol.ts";
import { requestOf } from "../runtime/aws/run-objects.ts";
import type { Services } from "../runtime/aws/services.ts";
import { start } from "../runtime/aws/start.ts";
import { defaultStore, routed, type DefaultStore } from "../store/default-store.ts";
import { fileStore } from "../store/file.ts";
import { memoryStore } from "../store/memory.ts";
import type { ObjectInfo, Store } from "../store/store.ts";
import type { Arguments } from "./arguments.ts";
import { printResult } from "./cloud-runs.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** The bucket of the stack that is played, where the event names none. */
const BUCKET = "local";

/** Inputs of the functions between `start` and the end: they only make sense within a run of a stack. */
const WITHIN = ["batch", "round", "directive", "outcome"];

/**
 * `abanico invoke-local EVENT`: what the stack would do with an event, on this machine: the function `start` itself says which runs it begins, and each is then
 * computed here.
 */
export async function invokeLocal(args: Arguments, terminal: Terminal): Promise<void> {
  const event = await eventOf(args);
  const within = WITHIN.find((key) => key in event);
  if (within !== undefined)
    throw new UsageError(
      `This event is for a function within a run ("${within}"): it means nothing without the run's objects in a bucket.`,
      "give it an event for start: a pipeline, its name, or a dropped file.",
    );
  const bucket = bucketOf(event);
  const store = memoryStore();
  const inMemory = (key: string) => objectUrl({ bucket }, key).replace(/^s3:/, "memory:");
  for (const { name, bytes } of await pipelinesIn(args.one("pipelines") ?? "pipelines"))
    await store.put(inMemory(pipelineKey(name)), bytes);
  const services = localServices(bucket, renamed(store, "s3:", "memory:"));
  const { runs } = await start(event, services).catch((error: unknown) => {
    if (!(error instanceof NotFoundError) || error.fields["pipeline"] === undefined) throw error;
    const fix = `name the folder that ${String(error.fields["pipeline"])}.json lies in: --pipelines FOLDER.`;
    throw new UsageError("The event names a pipeline that is not there.", fix);
  });
  if (runs.length === 0) terminal.say("no pipeline waits for this file; --pipelines names their folder");
  for (const { run } of runs) await compute(await requestOf(services, run), args, terminal);
}

async function eventOf({ positionals }: Arguments): Promise<Record<string, unknown>> {
  const [path] = positionals;
  if (positionals.length !== 1) throw new UsageError("Which event?", "write abanico invoke-local event.json.");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
  try {
    return { ...objectAt(JSON.parse(text) as unknown, "") };
  } catch (error) {
    throw new UsageError(`${path} is no event: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function bucketOf({ detail }: Record<string, unknown>): string {
  if (detail === undefined) return BUCKET;
  const name: unknown = objectAt(objectAt(detail, "detail")["bucket"], "detail.bucket")["name"];
  return typeof name === "string" ? name : BUCKET;
}

async function pipelinesIn(folder: string): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> {
  // Without the folder there are none by name.
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".json"));
  return Promise.all(
    files.map(async (name) => ({ name: name.replace(/\.json$/, ""), bytes: await readFile(join(folder, name)) })),
  );
}

function localServices(bucket: string, store: Store): Services {
  const never = (what: string) => async (): Promise<never> => {
    throw new InternalError(`invoke-local was asked to ${what}.`);
  };
  return {
    store,
    bucket,
    resultsQueue: "",
    taskBytes: Infinity,
    queues: {
      create: never("make a queue"),
      remove: never("remove a queue"),
      send: never("send a message"),
      receive: never("receive messages"),
      delete: never("delete messages"),
    },
    startWork: never("call Work"),
    // They are computed here.
    startRun: async () => undefined,
    clock: {
      now: () => Date.now(),
      remaining: () => Infinity,
      sleep: (ms) => new Promise((wake) => setTimeout(wake, ms)),
    },
    log: () => undefined,
  };
}

async function compute({ what, run }: RunRequest, args: Arguments, terminal: Terminal): Promise<void> {
  terminal.say(`${run}${what.kind === "collection" && what.name !== undefined ? ` (${what.name})` : ""}`);
  const root = args.one("root");
  const store = root === undefined ? defaultStore() : overFolder(root, what);
  // No threads: those would make stores of their own.
  await using client = await Client.local({ workers: root === undefined ? 1 : 0, progress: terminal.progress, store });
  const { signal } = terminal;
  if (what.kind === "plan") {
    await client.runPlan(what.plan, { signal });
    terminal.say("the plan was run; what it gives is for whoever made it");
    return;
  }
  const collection = fromJSON(what.collection as unknown);
  const { write } = what;
  if (write !== undefined && isArrayWrite(write) && collection instanceof ChunkedArray) {
    const { path, bytes } = await client.writeArray(collection, write, { signal });
    return terminal.write(`${path}  ${bytes} bytes\n`);
  }
  if (write !== undefined && !isArrayWrite(write) && collection instanceof DataFrame) {
    const files = await client.write(collection, write, { signal });
    return terminal.write(`${files.map(({ path, rows }) => `${path}  ${rows} rows`).join("\n")}\n`);
  }
  await printResult(await client.compute(collection, { signal }), args, terminal);
}

/** Objects of S3 as files of a folder. */
function overFolder(root: string, what: RunRequest["what"]): DefaultStore {
  const buckets = new Set([...JSON.stringify(what).matchAll(/"s3:\/\/([^/"]+)/g)].map(([, name]) => name));
  if (buckets.size > 1)
    throw new UsageError(`--root stands for one bucket, and this run names ${[...buckets].join(", ")}.`);
  const [bucket = BUCKET] = buckets;
  const folder = pathToFileURL(`${resolve(root)}/`).href.replace(/\/$/, "");
  const memory = memoryStore();
  const stores = new Map<string, Store>([
    ["file", fileStore()],
    ["memory", memory],
    ["s3", renamed(fileStore(), `s3://${bucket}`, folder)],
  ]);
  return { ...routed(stores), memory, toOptions: () => ({ memory: memory.snapshot() }) };
}

/** A store under other names: URLs that begin with `outside` are asked for as `inside`. */
function renamed(store: Store, outside: string, inside: string): Store {
  const into = (url: string) => (url.startsWith(outside) ? `${inside}${url.slice(outside.length)}` : url);
  const out = (info: ObjectInfo): ObjectInfo =>
    info.url.startsWith(inside) ? { ...info, url: `${outside}${info.url.slice(inside.length)}` } : info;
  return {
    head: async (url, options) => out(await store.head(into(url), options)),
    open: async (url, options) => {
      const reader = await store.open(into(url), options);
      const { readSync, verify } = reader;
      return {
        info: out(reader.info),
        read: (start, end, signal) => reader.read(start, end, signal),
        close: () => reader.close(),
        ...(readSync === undefined ? {} : { readSync: (target, position) => readSync.call(reader, target, position) }),
        ...(verify === undefined ? {} : { verify: () => verify.call(reader) }),
      };
    },
    get: (url, options) => store.get(into(url), options),
    put: async (url, bytes, options) => out(await store.put(into(url), bytes, options)),
    putStream: async (url, chunks, options) => out(await store.putStream(into(url), chunks, options)),
    async *list(prefix, options = {}) {
      const { after, into: folders } = options;
      const asked = {
        ...options,
        ...(after === undefined ? {} : { after: into(after) }),
        ...(folders === undefined
          ? {}
          : { into: (folder: string) => folders(out({ url: folder, size: 0, etag: "" }).url) }),
      };
      for await (const info of store.list(into(prefix), asked)) yield out(info);
    },
    delete: (url) => store.delete(into(url)),
  };
}

import { createHash } from "node:crypto";
import { objectAt, refuse, textAt, textsAt, type PlainObject } from "../../collections/plain.ts";
import { NotFoundError, PlanError, UnreadableError, type Json } from "../../errors.ts";
import { compile, expandBraces, matches } from "../../store/glob-pattern.ts";
import { PIPELINES_PREFIX, objectUrl, pipelineKey, requestKey } from "./keys.ts";
import { ASK_OPTIONS, askedOf, type Asked } from "./pipeline-request.ts";
import { filled, filledWithout, type Dropped } from "./placeholders.ts";
import { PROTOCOL, type RunInput, type RunRequest } from "./protocol.ts";
import { bytesAt, putJsonOnce } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** What was started. */
export interface Started {
  readonly runs: readonly (RunInput & { readonly pipeline?: string })[];
}

/**
 * Starts what an event asks for:
 *
 *     { "collection": … } or { "plan": … } or a collection by itself      see pipeline-request.ts
 *     { "pipeline": "NAME", "key": "incoming/may.csv" }                   the pipeline `pipelines/NAME.json`; the key only where it has placeholders
 *     EventBridge's "Object Created"                                      every pipeline whose `match` fits the key
 *
 * `"run": "ID"` beside the first two names the run: who asks again with the same id starts nothing new.
 */
export async function start(event: unknown, services: Services): Promise<Started> {
  const object = objectAt(event, "");
  if (object["detail-type"] !== undefined) return startDropped(object, services);
  const run = object["run"] === undefined ? newRun() : runAt(object["run"]);
  if (object["pipeline"] === undefined) {
    const { run: _, ...json } = object;
    await begin(run, askedOf(json), services);
    return { runs: [{ run }] };
  }
  const { pipeline, key } = objectAt(object, "", ["pipeline", "key", "run"]);
  const name = textAt(pipeline, "pipeline");
  const found = await readPipeline(pipelineKey(name), services);
  if (found === undefined)
    throw new NotFoundError(`There is no pipeline ${objectUrl(services, pipelineKey(name))}.`, {
      fields: { pipeline: name },
      fix: `put it there: aws s3 cp ${name}.json ${objectUrl(services, pipelineKey(name))}`,
    });
  const dropped = key === undefined ? undefined : { bucket: services.bucket, key: textAt(key, "key") };
  await begin(run, askedByPipeline(name, found, dropped, run), services);
  return { runs: [{ run, pipeline: name }] };
}

/** One run for each pipeline that waits for such a file. A pipeline that is not well formed does not keep the others from it; then this fails. */
async function startDropped(event: PlainObject, services: Services): Promise<Started> {
  const { dropped, version } = droppedAt(event);
  const runs: Started["runs"][number][] = [];
  const failures: Error[] = [];
  if (isOwn(dropped, services)) return { runs };
  for await (const { url } of services.store.list(objectUrl(services, PIPELINES_PREFIX))) {
    const name = /\/pipelines\/(.+)\.json$/.exec(url)?.[1];
    if (name === undefined) continue;
    try {
      const found = await readPipeline(pipelineKey(name), services);
      if (found === undefined || !waitsFor(found, dropped.key)) continue;
      const run = runOf(name, dropped, version);
      await begin(run, { notify: true, ...askedByPipeline(name, found, dropped, run) }, services);
      runs.push({ run, pipeline: name });
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error)));
      services.log("error", `The pipeline ${name} could not be started.`, {
        pipeline: name,
        key: dropped.key,
        error: String(error),
      });
    }
  }
  if (failures.length > 0) throw failures[0];
  return { runs };
}

/** What the stack itself writes starts nothing, or a pipeline might start itself for ever. */
function isOwn({ bucket, key }: Dropped, services: Services): boolean {
  return bucket === services.bucket && /^(runs|results|bundles|pipelines)\//.test(key);
}

function droppedAt(event: PlainObject): { readonly dropped: Dropped; readonly version: string } {
  if (event["detail-type"] !== "Object Created") refuse("detail-type", '"Object Created"', event["detail-type"]);
  const detail = objectAt(event["detail"], "detail");
  const object = objectAt(detail["object"], "detail.object");
  const bucket = textAt(objectAt(detail["bucket"], "detail.bucket")["name"], "detail.bucket.name");
  const key = textAt(object["key"], "detail.object.key");
  // The sequencer tells apart two drops of the same bytes; that the same event comes twice it does not hide.
  const version = object["sequencer"] ?? object["etag"];
  return { dropped: { bucket, key }, version: textAt(version, "detail.object.sequencer") };
}

/** The same for the same file of the same drop, however often that is told. */
function runOf(pipeline: string, { bucket, key }: Dropped, version: string): string {
  const hash = createHash("sha256").update(JSON.stringify([pipeline, bucket, key, version]));
  return `drop-${hash.digest("hex").slice(0, 24)}`;
}

async function readPipeline(key: string, services: Services): Promise<PlainObject | undefined> {
  const bytes = await bytesAt(services, key);
  if (bytes === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new UnreadableError(`${objectUrl(services, key)} is not JSON: ${String(cause)}`, { fields: { key }, cause });
  }
  return named(key, () => objectAt(json, "", ["match", "collection", "write", ...ASK_OPTIONS]));
}

function waitsFor(pipeline: PlainObject, key: string): boolean {
  const { match } = pipeline;
  if (match === undefined) return false;
  const patterns = typeof match === "string" ? [match] : textsAt(match, "match");
  return patterns.flatMap(expandBraces).some((one) => matches(compile(one.split("/")), key.split("/")));
}

function askedByPipeline(name: string, pipeline: PlainObject, dropped: Dropped | undefined, run: string): Asked {
  return named(pipelineKey(name), () => {
    const { match: _, ...rest } = pipeline;
    const json = rest as Json; // it was parsed from JSON
    const ready = dropped === undefined ? filledWithout(json, run) : filled(json, dropped, run);
    const { what, ...options } = askedOf(ready as PlainObject); // an object as before
    return { what: what.kind === "collection" ? { ...what, name } : what, ...options };
  });
}

/** Says in which file something is wrong. */
function named<T>(key: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new PlanError(`${key}: ${error.message}`, { fields: { ...error.fields, pipeline: key }, cause: error });
  }
}

async function begin(run: string, asked: Asked, services: Services): Promise<void> {
  const request: RunRequest = { abanico: PROTOCOL, run, createdAt: services.clock.now(), ...asked };
  await putJsonOnce(services, requestKey(run), request);
  await services.startRun(run);
  services.log("info", "A run was started.", { run, kind: asked.what.kind });
}

function newRun(): string {
  return `run-${crypto.randomUUID().slice(0, 13)}`;
}

/** Part of keys, and of the names of an execution and a queue. */
function runAt(value: unknown): string {
  const run = textAt(value, "run");
  return /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/.test(run) ? run : refuse("run", "up to 40 letters, digits and hyphens", run);
}

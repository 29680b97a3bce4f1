import { createHash } from "node:crypto";
import { objectAt, refuse, textAt, type PlainObject } from "../../collections/plain.ts";
import { PIPELINES_PREFIX, objectUrl, pipelineKey } from "./keys.ts";
import type { Asked } from "./pipeline-request.ts";
import { askedBy, askedByPipeline, ask, readPipeline, runAt, waitsFor } from "./pipelines.ts";
import type { Dropped } from "./placeholders.ts";
import type { RunInput } from "./protocol.ts";
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
  const { run: given, ...json } = object;
  const run = given === undefined ? newRun() : runAt(given);
  const { asked, pipeline } = await askedBy(json, run, services);
  await begin(run, asked, services);
  return { runs: [{ run, ...(pipeline === undefined ? {} : { pipeline }) }] };
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

async function begin(run: string, asked: Asked, services: Services): Promise<void> {
  await ask(run, asked, services);
  await services.startRun(run);
  services.log("info", "A run was started.", { run, kind: asked.what.kind });
}

function newRun(): string {
  return `run-${crypto.randomUUID().slice(0, 13)}`;
}

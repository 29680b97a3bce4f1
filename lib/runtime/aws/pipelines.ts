import { objectAt, refuse, textAt, textsAt, type PlainObject } from "../../collections/plain.ts";
import { NotFoundError, PlanError, UnreadableError, type Json } from "../../errors.ts";
import { compile, expandBraces, matches } from "../../store/glob-pattern.ts";
import { RUN_NAMES, isRunName } from "./attempts.ts";
import { objectUrl, pipelineKey, requestKey } from "./keys.ts";
import { ASK_OPTIONS, askedOf, type Asked } from "./pipeline-request.ts";
import { filled, filledWithout, type Dropped } from "./placeholders.ts";
import { PROTOCOL, type RunRequest } from "./protocol.ts";
import { bytesAt, putJsonOnce } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** Pipelines that lie in the stack's bucket, and what plain JSON asks for by their names. */

/** What plain JSON asks for, but for the run's name: what is described in start.ts. @throws PlanError, NotFoundError */
export async function askedBy(
  json: PlainObject,
  run: string,
  services: Services,
): Promise<{ readonly asked: Asked; readonly pipeline?: string }> {
  if (json["pipeline"] === undefined) return { asked: askedOf(json) };
  const { pipeline, key } = objectAt(json, "", ["pipeline", "key"]);
  const name = textAt(pipeline, "pipeline");
  const found = await readPipeline(pipelineKey(name), services);
  if (found === undefined)
    throw new NotFoundError(`There is no pipeline ${objectUrl(services, pipelineKey(name))}.`, {
      fields: { pipeline: name },
      fix: `put it there: aws s3 cp ${name}.json ${objectUrl(services, pipelineKey(name))}`,
    });
  const dropped = key === undefined ? undefined : { bucket: services.bucket, key: textAt(key, "key") };
  return { asked: askedByPipeline(name, found, dropped, run), pipeline: name };
}

/** Writes a run's request; who asks again for the same run asks for nothing new. */
export async function ask(run: string, asked: Asked, services: Services): Promise<void> {
  const request: RunRequest = { abanico: PROTOCOL, run, createdAt: services.clock.now(), ...asked };
  await putJsonOnce(services, requestKey(run), request);
}

export async function readPipeline(key: string, services: Services): Promise<PlainObject | undefined> {
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

export function waitsFor(pipeline: PlainObject, key: string): boolean {
  const { match } = pipeline;
  if (match === undefined) return false;
  const patterns = typeof match === "string" ? [match] : textsAt(match, "match");
  return patterns.flatMap(expandBraces).some((one) => matches(compile(one.split("/")), key.split("/")));
}

export function askedByPipeline(name: string, pipeline: PlainObject, dropped: Dropped | undefined, run: string): Asked {
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

/** Part of keys, and of the names of an execution and a queue. */
export function runAt(value: unknown): string {
  const run = textAt(value, "run");
  return isRunName(run) ? run : refuse("run", RUN_NAMES, run);
}

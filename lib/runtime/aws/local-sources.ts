import { OptionError, type Json } from "../../errors.ts";
import type { Plan, Stage } from "../../plan/plan.ts";
import { toDisplay } from "../../store/urls.ts";

/** Refuses a plan for the cloud that reads or writes what only this machine has. Without it every task would say that there is no such file. */
export function refuseLocal(plan: Plan): void {
  for (const stage of plan.stages) {
    for (const url of urlsRead(stage)) if (isLocal(url)) throw notThere(url, stage, "reads");
    for (const url of urlsIn(stage.work.params as Json, ""))
      if (isLocal(url)) throw notThere(url, stage, url.startsWith("memory:") ? "reads" : "uses");
  }
}

function* urlsRead({ tasks }: Stage): Generator<string> {
  if (tasks.kind === "ranges") for (const { url } of tasks.sources) yield url;
  if (tasks.kind === "items") for (const item of tasks.items) yield* urlsIn(item, "");
}

/** Keys whose texts are URLs; and those under which lie the ones that are written to. What goes to memory comes back with the partial: that is allowed. */
const URLS = ["url", "to"];
const WRITES = ["sink", "target", "write", "to"];

/** The URLs in parameters, at any depth. */
function* urlsIn(value: Json | undefined, key: string): Generator<string> {
  if (typeof value === "string") {
    if (URLS.includes(key)) yield value;
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) yield* urlsIn(one as Json, key);
    return;
  }
  for (const [name, one] of Object.entries(value)) {
    const isWritten = WRITES.includes(name);
    for (const url of urlsIn(one as Json, name)) if (!isWritten || !url.startsWith("memory:")) yield url;
  }
}

function isLocal(url: string): boolean {
  return url.startsWith("file:") || url.startsWith("memory:");
}

function notThere(url: string, { id }: Stage, does: string): OptionError {
  const shown = toDisplay(url);
  return new OptionError(`Stage "${id}" ${does} ${shown}, which is on this machine: workers in the cloud cannot.`, {
    fields: { url, stage: id },
    fix: url.startsWith("file:")
      ? `put it into a bucket and name that: aws s3 cp ${shown} s3://BUCKET/…`
      : "put it into a bucket and name that: s3://BUCKET/….",
  });
}

/** Keys of a collection's JSON that hold values of the program: they are data, whatever they look like. */
const DATA = ["args", "initial", "otherwise", "items", "json", "value", "bytes", "options"];

/** The same for a collection as JSON, whose plans are made in the cloud. @throws OptionError */
export function refuseLocalPaths(json: Json, within = ""): void {
  if (typeof json !== "object" || json === null) return;
  for (const [key, value] of Object.entries(json)) {
    if (DATA.includes(key)) continue;
    const path = within === "" ? key : `${within}.${key}`;
    const given = key === "paths" || key === "path" ? [value].flat() : [];
    for (const one of given) if (typeof one === "string" && !isRemote(one)) throw notReachable(one, path);
    refuseLocalPaths(value as Json, path);
  }
}

function isRemote(path: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(path) && !isLocal(path);
}

function notReachable(path: string, where: string): OptionError {
  return new OptionError(`${where} names ${path}, which is on this machine: a stack cannot read or write it.`, {
    fields: { path, where },
    fix: `put it into a bucket and name that: aws s3 cp ${path} s3://BUCKET/…`,
  });
}

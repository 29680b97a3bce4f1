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

import { ContactSheet } from "../collections/images/contact-sheet.ts";
import { ImageResult } from "../collections/images/image-result.ts";
import { Images } from "../collections/images/images.ts";
import type { ImagesNode, KeptImages } from "../collections/images/nodes.ts";
import { OptionError } from "../errors.ts";
import { lowerImages, sheetCell, sourcesOf } from "../plan/lower/images.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { encodeValue } from "../values.ts";
import type { ImagesOutcome } from "./run-images.ts";
import type { RunnerHost } from "./runner.ts";
import { forgetWith } from "./forgotten.ts";

/**
 * Images are kept as they are behind the operations so far, without loss; of a contact sheet its thumbnails; of figures and written
 * names the value itself.
 */
export async function persistImages(
  { node }: ImageResult<unknown>,
  host: RunnerHost,
  signal: AbortSignal,
  outcomeOf: (node: ImagesNode, host: RunnerHost, signal: AbortSignal) => Promise<ImagesOutcome>,
): Promise<ImageResult<unknown>> {
  const { result } = node;
  if (result.kind === "encode") return new Images(await keptNode(node, host, signal));
  if (result.kind === "sheet") {
    const small = {
      ...node,
      operations: [...node.operations, { do: "thumbnail", ...sheetCell(result.sheet) } as const],
    };
    const kept = await keptNode(small, host, signal);
    return result.to === undefined ? new ContactSheet(kept) : new ImageResult(kept);
  }
  const outcome = await outcomeOf(node, host, signal);
  const ref = await host.runtime.keep(encodeValue(outcome));
  const kept: ImagesNode = { ...node, result: { kind: "value", ref } };
  watch(kept, host.runtime);
  return new ImageResult(kept);
}

/** The same description, beginning with what was kept. */
async function keptNode(node: ImagesNode, host: RunnerHost, signal: AbortSignal): Promise<ImagesNode> {
  const { runtime, store, onEvent } = host;
  runtime.prepare(["images.run"]);
  const sources = await sourcesOf(node, { store, signal });
  const plan = await lowerImages(node, { store, signal, keep: true });
  const { refs = [], report } = await runtime.run(plan, { signal, onEvent });
  const [{ recordsOut: images, bytesOut: bytes }] = report.stages;
  const kept: KeptImages = { refs, sources, images, bytes };
  const made: ImagesNode = { ...node, operations: [], kept };
  watch(made, runtime);
  return made;
}

/** @throws OptionError for images that are not kept. */
export async function releaseImages(node: ImagesNode, runtime: Runtime): Promise<void> {
  const runs = runsOf(node);
  if (runs.size === 0 || node.operations.length > 0)
    throw new OptionError("release(…) expects images that persist() gave.", {
      fix: "release those, not what was made from them.",
    });
  for (const run of runs) await runtime.release(run);
}

/** What is made from a node shares its `kept`, or its `result`. */
function watch(node: ImagesNode, runtime: Runtime): void {
  for (const run of runsOf(node)) forgetWith(node.kept ?? node.result, run, runtime);
}

function runsOf({ kept, result }: ImagesNode): Set<string> {
  if (result.kind === "value") return new Set([result.ref.run]);
  return new Set(kept?.refs.map(({ run }) => run));
}

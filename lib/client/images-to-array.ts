import { ChunkedArray } from "../collections/array/chunked-array.ts";
import { makeCast } from "../collections/array/make.ts";
import type { AskedArray } from "../collections/handover.ts";
import type { ImageResult } from "../collections/images/image-result.ts";
import type { ImagesNode } from "../collections/images/nodes.ts";
import { ImageError, OptionError } from "../errors.ts";
import type { ImageBatch, ImageRecord } from "../kernels/image/params.ts";
import { refuseOther } from "../kernels/image/stack.ts";
import { lowerImages } from "../plan/lower/images.ts";
import type { Plan } from "../plan/plan.ts";
import { decodeValue } from "../values.ts";
import { keptArray, keptIn, toldOf } from "./kept.ts";
import type { RunnerHost } from "./runner.ts";

/** Runs images and keeps their pixels as chunks of an array. What size they are is known only from all of them. */
export async function imagesToArray(
  { node }: ImageResult<unknown>,
  { dtype = "uint8" }: AskedArray,
  host: RunnerHost,
  signal: AbortSignal,
): Promise<ChunkedArray> {
  if (node.options.onError === "collect")
    throw new OptionError("toArray() has no place for the errors of images that failed.", {
      fields: { onError: "collect" },
      fix: 'read them with { onError: "skip" } to leave such images out, or "fail".',
    });
  const { runtime, store, onEvent } = host;
  runtime.prepare(["images.run"]);
  const plan = await lowerImages(node, { store, signal, keep: "pixels" });
  const { refs, run } = keptIn(await runtime.run(plan, { signal, onEvent }));
  try {
    const estimate = { bytesIn: 0, peakBytes: plan.stages[0].estimate.peakBytes };
    const shapes = await toldOf<readonly number[]>({ op: "array.shapes", params: {} }, refs, estimate, host, signal);
    const form = await oneForm(shapes, (task) => nameOf(task, node, plan, host));
    const lengths = shapes.map(([images]) => images);
    // Kept as they are: other dtypes take more bytes, and are made where they are asked for.
    return new ChunkedArray(
      makeCast(keptArray({ run, stage: plan.stages[0].id }, lengths, form, "uint8", runtime), dtype),
    );
  } catch (error) {
    await runtime.release(run);
    throw error;
  }
}

/** Height, width and channels. @throws ImageError where images differ, or there are none. */
async function oneForm(
  shapes: readonly (readonly number[])[],
  named: (task: number) => Promise<string>,
): Promise<readonly number[]> {
  const first = shapes.findIndex(([images]) => images > 0);
  if (first < 0)
    throw new ImageError("toArray() expects at least one image: of none, height, width and channels are not known.", {
      fix: 'none of the files could be read: see why with readImages(…, { onError: "collect" }).metadata().',
    });
  const [, height, width, channels] = shapes[first];
  for (const [task, [images, ...form]] of shapes.entries()) {
    if (images === 0 || (form[0] === height && form[1] === width && form[2] === channels)) continue;
    const image = { url: await named(task), height: form[0], width: form[1], channels: form[2] };
    refuseOther({ url: await named(first), height, width, channels }, image);
  }
  return [height, width, channels];
}

/** The image that a task began with. */
async function nameOf(task: number, { kept }: ImagesNode, { stages }: Plan, { runtime }: RunnerHost): Promise<string> {
  const [{ tasks }] = stages;
  if (kept !== undefined) {
    const records = decodeValue(await runtime.fetch(kept.refs[task])) as ImageRecord[]; // what "kept" leaves
    return records.find(({ error }) => error === undefined)?.url ?? "";
  }
  const { sources } = (tasks.kind === "items" ? tasks.items[task] : {}) as unknown as ImageBatch; // as lowerImages made it
  return sources[0].url;
}

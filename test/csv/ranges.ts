import type { DataFrame } from "../../lib/index.ts";
import type { TaskOutput } from "../../lib/kernels/kernel.ts";
import { loadFold, loadKernel } from "../../lib/kernels/registry.ts";
import type { Frame } from "../../lib/kernels/frame/encode.ts";
import { lowerFrame } from "../../lib/plan/lower/frame.ts";
import type { Stage } from "../../lib/plan/plan.ts";
import { toArrow } from "../../lib/client/arrow.ts";
import type { Store } from "../../lib/store/store.ts";
import { plain, type Plain } from "./support.ts";

/** "Guess, verify, repair" in a few lines and without a runtime, so that a source can be cut wherever a test wants it cut. */
export interface CutRun {
  readonly plain: Plain;
  /** Ranges whose guess was wrong. */
  readonly repaired: number;
}

export type CutReader = (cuts: readonly number[]) => Promise<CutRun>;

/** Plans the frame (of one source) once; the function returned reads it cut at the offsets given, from `store`. */
export async function cutReader(frame: DataFrame, planned: Store, store: Store = planned): Promise<CutReader> {
  const { plan } = await lowerFrame(frame.node, { store: planned });
  const stage = plan.stages[0];
  const { tasks, output } = stage;
  if (tasks.kind !== "ranges" || output.kind !== "fold") throw new Error("not a scan with a fold");
  const { size } = tasks.sources[0];
  const fold = await loadFold(output.fold.op, output.fold.params);
  return async (cuts) => {
    const bounds = [0, ...cuts, size];
    let partial = fold.empty();
    let next: number | undefined;
    let repaired = 0;
    for (let i = 0; i + 1 < bounds.length; i++) {
      let given = await runRange(stage, store, bounds[i], bounds[i + 1], i);
      if (next !== undefined && (given.span?.doubt !== undefined || given.span?.from !== next)) {
        repaired++;
        given = await runRange(stage, store, bounds[i], bounds[i + 1], i, next);
        if (given.span?.from !== next) throw new Error(`a repair from ${next} says ${JSON.stringify(given.span)}`);
      }
      next = given.span?.next;
      // The cast states what the kernel gives to a stage that folds.
      partial = fold.merge(partial, fold.decode(given.value as Uint8Array));
    }
    return { plain: plain(await toArrow((await fold.finish(partial)) as Frame)), repaired };
  };
}

async function runRange(
  stage: Stage,
  store: Store,
  start: number,
  end: number,
  rangeIndex: number,
  from?: number,
): Promise<TaskOutput> {
  if (stage.tasks.kind !== "ranges") throw new Error("ranges expected");
  const kernel = await loadKernel(stage.work.op);
  return kernel(
    stage.work.params,
    {
      kind: "range",
      source: stage.tasks.sources[0],
      start,
      end,
      sourceIndex: 0,
      rangeIndex,
      ...(from === undefined ? {} : { from }),
    },
    {
      store,
      fetch: () => Promise.reject(new Error("nothing to fetch")),
      signal: new AbortController().signal,
      attempt: 1,
    },
  );
}

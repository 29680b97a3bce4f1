import type { Runtime } from "../runtime/runtime.ts";

/** The run is released once nothing mentions `what` any more: a node that all share which are made from what the run keeps. */
export function forgetWith(what: object, run: string, runtime: Runtime): void {
  forgotten.register(what, { runtime, run });
}

const forgotten = new FinalizationRegistry<{ readonly runtime: Runtime; readonly run: string }>(({ runtime, run }) => {
  void runtime.release(run).catch(() => undefined); // the client may be closed: then nothing is kept any more
});

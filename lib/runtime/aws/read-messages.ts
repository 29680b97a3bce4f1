import type { Plan } from "../../plan/plan.ts";
import type { StagePlace } from "./keys.ts";
import type { WorkMessage } from "./protocol.ts";
import type { Message } from "./services.ts";

/** What a message on the run's queue is to the stage that reads it. */
export type Read =
  | { readonly kind: "ours"; readonly work: WorkMessage }
  /** Of a stage that is over, or of nobody: it may be deleted. */
  | { readonly kind: "past"; readonly why: string }
  /** Of a stage behind this one: who reads has been replaced, and leaves it to its successor. */
  | { readonly kind: "future" };

export function readMessage({ body }: Message, place: StagePlace, plan: Plan): Read {
  let work: WorkMessage;
  try {
    work = JSON.parse(body) as WorkMessage; // of Work: nobody else may send to the queue
  } catch (error) {
    return { kind: "past", why: `it is not JSON: ${String(error)}` };
  }
  if (work?.outcome === undefined || work.batch === undefined) return { kind: "past", why: "it is none of Work's" };
  if (work.run !== place.run) return { kind: "past", why: `it is of run ${work.run}` };
  const [theirs, ours] = [orderOf(work, plan), orderOf(place, plan)];
  if (work.part === place.part && theirs === ours) return { kind: "ours", work };
  const isPast = work.part < place.part || (work.part === place.part && theirs < ours);
  return isPast ? { kind: "past", why: `stage "${work.stage}" is over` } : { kind: "future" };
}

function orderOf({ stage }: { readonly stage: string }, { stages }: Plan): number {
  return stages.findIndex(({ id }) => id === stage);
}

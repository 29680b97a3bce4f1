import type { Plan } from "../../plan/plan.ts";
import { billOf, projectedBill, refuseTooCostly } from "./cost.ts";
import { stagesOver } from "./part-result.ts";
import { planOf } from "./run-objects.ts";
import type { Services } from "./services.ts";

const DEFAULT_MEMORY_MB = 2_048;

/**
 * Refuses a part that would bring its run above `maxCost`, in US dollars: what its plan is projected to cost, and what the parts before it came to. That is what was
 * billed of one that is over, in all attempts; of one that failed, and was planned again, what it was projected to cost.
 *
 * @throws CostError
 */
export async function refuseAbove(
  maxCost: number | undefined,
  { run, part, plan }: { readonly run: string; readonly part: number; readonly plan: Plan },
  services: Services,
): Promise<void> {
  if (maxCost === undefined) return;
  const memory = { workMemoryMb: services.workMemoryMb ?? DEFAULT_MEMORY_MB };
  let before = 0;
  for (let earlier = 0; earlier < part; earlier++) {
    const planned = await planOf(services, run, earlier);
    const stages = await stagesOver(services, run, earlier, planned);
    const isOver = stages.length === planned.stages.length;
    before += (isOver ? billOf({ stages }, memory) : projectedBill(planned, memory)).dollars;
  }
  refuseTooCostly(projectedBill(plan, memory), maxCost, before);
}

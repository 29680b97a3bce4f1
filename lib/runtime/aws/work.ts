import { InternalError } from "../../errors.ts";
import type { WorkAnswer, WorkInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Runs the tasks of a batch, and tells Collect of them. */
export async function work({ run }: WorkInput, _services: Services): Promise<WorkAnswer> {
  throw new InternalError(`Nothing of run ${run} can be worked on yet.`);
}

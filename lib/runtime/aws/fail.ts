import { InternalError } from "../../errors.ts";
import type { FailInput, RunInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Ends a run that failed: says why in `outcome.json`. */
export async function fail({ run }: FailInput, _services: Services): Promise<RunInput> {
  throw new InternalError(`Run ${run} cannot be failed yet.`);
}

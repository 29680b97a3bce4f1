import { InternalError } from "../../errors.ts";
import type { RunInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Ends a run all of whose parts are over. */
export async function finish({ run }: RunInput, _services: Services): Promise<RunInput> {
  throw new InternalError(`Run ${run} cannot be finished yet.`);
}

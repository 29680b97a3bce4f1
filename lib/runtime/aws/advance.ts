import { InternalError } from "../../errors.ts";
import type { AdvanceInput, Directive } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Says what a run needs next, by what lies in S3. May be called again at any time. */
export async function advance({ run }: AdvanceInput, _services: Services): Promise<Directive> {
  throw new InternalError(`Run ${run} cannot be advanced yet.`);
}

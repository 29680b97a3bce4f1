import { InternalError } from "../../errors.ts";
import type { RunInput } from "./protocol.ts";
import type { Services } from "./services.ts";

/** Starts what an event asks for: a pipeline as JSON, or the pipelines that wait for a dropped file. */
export async function start(_event: unknown, _services: Services): Promise<{ readonly runs: readonly RunInput[] }> {
  throw new InternalError("Nothing can be started yet.");
}

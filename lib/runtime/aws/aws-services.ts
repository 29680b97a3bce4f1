import { InternalError } from "../../errors.ts";
import type { Services } from "./services.ts";

/** What Lambda says of a call. */
export interface FunctionContext {
  getRemainingTimeInMillis(): number;
}

/** The services of the stack that this function belongs to, as its environment says. */
export async function servicesFromEnvironment(_context: FunctionContext): Promise<Services> {
  throw new InternalError("There are no services yet.");
}

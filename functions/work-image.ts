import { work } from "../lib/runtime/aws/work.ts";
import { handlerOf } from "./handler.ts";

/** The same as work.ts: what differs is what lies beside it, sharp. */
export const handler = handlerOf("work-image", work, ({ count }) => ({ Tasks: count }));

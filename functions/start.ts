import { start } from "../lib/runtime/aws/start.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("start", start, ({ runs }) => ({ RunsStarted: runs.length }));

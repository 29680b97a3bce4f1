import { work } from "../lib/runtime/aws/work.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("work", work, ({ count }) => ({ Tasks: count }));

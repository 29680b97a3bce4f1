import { advance } from "../lib/runtime/aws/advance.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("plan", advance);

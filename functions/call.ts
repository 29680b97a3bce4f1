import { call } from "../lib/runtime/aws/call.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("call", call);

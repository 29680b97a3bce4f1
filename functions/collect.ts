import { collect } from "../lib/runtime/aws/collect.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("collect", collect);

import { fail } from "../lib/runtime/aws/fail.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("fail", fail, () => ({ RunsFailed: 1 }));

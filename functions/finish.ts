import { finish } from "../lib/runtime/aws/finish.ts";
import { handlerOf } from "./handler.ts";

export const handler = handlerOf("finish", finish, () => ({ RunsFinished: 1 }));

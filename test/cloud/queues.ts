import { createHash, randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Effect } from "./faults.ts";
import { answer, type Request } from "./http.ts";

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
const isObject = (value: unknown): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null;

/** Answers that a send or a delete is done, as SQS would. */
export function pretendDone({ call }: Request, response: ServerResponse): void {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": randomUUID() };
  answer(response, 200, headers, JSON.stringify(toAnswer(call.operation, isObject(call.body) ? call.body : {})));
}

function toAnswer(operation: string, body: { readonly [name: string]: unknown }): object {
  const entries = Array.isArray(body["Entries"]) ? (body["Entries"] as readonly Entry[]) : []; // as SDKs write them
  const sent = (text: string) => ({ MessageId: randomUUID(), MD5OfMessageBody: md5(text) });
  switch (operation) {
    case "SendMessage":
      return sent(String(body["MessageBody"]));
    case "SendMessageBatch":
      return { Successful: entries.map(({ Id, MessageBody }) => ({ Id, ...sent(MessageBody) })), Failed: [] };
    case "DeleteMessageBatch":
      return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] };
    case "DeleteMessage":
      return {};
    default:
      throw new Error(`the fault fits sends and deletes, not ${operation}`);
  }
}

/** What of SQS happens behind the answer: a message that is late, comes twice, or is another. `forward` passes the request on, its answer unseen. */
export function behind(effect: Effect, forward: () => void): void {
  if (effect.kind === "twice" || effect.kind === "rewrite") forward();
  if (effect.kind === "late") setTimeout(forward, effect.ms);
}

export function rewritten(request: Request, { from, to }: { readonly from: RegExp; readonly to: string }): Request {
  return { ...request, body: Buffer.from(request.body.toString().replace(from, to)) };
}

/** Queues made with a visibility time of seconds show swallowed deletes soon. */
export function withVisibility(request: Request, seconds: number): Request {
  const { body } = request.call;
  if (request.call.operation !== "CreateQueue" || !isObject(body)) return request;
  const attributes = isObject(body["Attributes"]) ? body["Attributes"] : {};
  const changed = { ...body, Attributes: { ...attributes, VisibilityTimeout: String(seconds) } };
  return { ...request, call: { ...request.call, body: changed }, body: Buffer.from(JSON.stringify(changed)) };
}

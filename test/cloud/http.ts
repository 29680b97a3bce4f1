import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call } from "./faults.ts";

/** A request with its body, and who it is from. */
export interface Request {
  readonly call: Call;
  readonly body: Buffer;
  readonly message: IncomingMessage;
}

export async function readRequest(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  // A request's stream gives buffers, as no encoding is set.
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return { call: toCall(message, body), body, message };
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations/;

function toCall({ method = "", url = "", headers }: IncomingMessage, body: Buffer): Call {
  const signed = /Credential=([^/]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(headers.authorization ?? "");
  const caller = toCaller(signed?.[1] ?? "client");
  const invoked = INVOKE.exec(url);
  if (invoked !== null) {
    const name = decodeURIComponent(invoked[1])
      .replace(/^arn:aws:lambda:[^:]+:\d+:function:/, "")
      .split(":")[0];
    return { service: "lambda", operation: name, caller, path: url, body: parsed(body) };
  }
  const target = headers["x-amz-target"];
  const action = typeof target === "string" ? target.split(".").pop() : undefined;
  const service = signed?.[2] ?? "other";
  const json = action !== undefined || headers["content-type"] === "application/json";
  return { service, operation: action ?? method, caller, path: url, body: json ? parsed(body) : undefined };
}

/** Environments of functions have keys of their own: `work.3`. */
function toCaller(key: string): string {
  const [, name] = /^(.+)\.\d+$/.exec(key) ?? [];
  return name ?? (key === "states" ? key : "client");
}

export const accessKeyOf = ({ headers }: IncomingMessage): string =>
  /Credential=([^/]+)\//.exec(headers.authorization ?? "")?.[1] ?? "";

function parsed(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : (JSON.parse(body.toString()) as unknown);
  } catch {
    return undefined; // Not JSON after all: whoever answers says so.
  }
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: { readonly [name: string]: string },
  body: string,
): void {
  if (response.destroyed) return;
  response.writeHead(status, headers);
  response.end(body);
}

/** An error as services with JSON protocols give it. */
export function answerError(response: ServerResponse, status: number, type: string, message: string): void {
  const headers = { "content-type": "application/json", "x-amzn-errortype": type, "x-amzn-requestid": randomUUID() };
  answer(response, status, headers, JSON.stringify({ __type: type, Type: "User", message, Message: message }));
}

/** An error in the form of the service that is asked. */
export function answerRefusal(response: ServerResponse, { service }: Call, status: number, code: string): void {
  const error = `<Code>${code}</Code><Message>injected: ${code}</Message>`;
  const xml = { "content-type": "application/xml" };
  if (service === "s3")
    answer(response, status, xml, `<Error>${error}<RequestId>0</RequestId><HostId>0</HostId></Error>`);
  else if (service === "cloudformation")
    answer(response, status, xml, `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`);
  else answerError(response, status, code, `injected: ${code}`);
}

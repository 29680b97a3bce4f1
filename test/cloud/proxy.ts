import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Faults, type Call, type Effect } from "./faults.ts";
import { answerError, answerRefusal, readRequest, type Request } from "./http.ts";
import { Lambda } from "./lambda.ts";
import { behind, pretendDone, rewritten, withVisibility } from "./queues.ts";

export interface Proxy {
  readonly port: number;
  readonly lambda: Lambda;
  readonly faults: Faults;
  /** Sees each request before anything else does. */
  onCall: ((call: Call) => void) | undefined;
  close(): Promise<void>;
}

export interface ProxyOptions {
  readonly region: string;
  /** Port of moto. Asked for each request, since moto starts after the proxy: it has to know the proxy's port. */
  readonly target: () => number;
  /** Of all queues, in seconds. */
  readonly visibilitySeconds: number;
}

/** The address of the emulated account: answers for Lambda, does the scripted faults, and passes all else on to moto. */
export async function startProxy({ region, target, visibilitySeconds }: ProxyOptions): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const lambda = new Lambda(region);
  const faults = new Faults();

  const pass = ({ message, body }: Request): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, url, rawHeaders } = message;
      const headers = withLength(rawHeaders, body.length);
      const passed = httpRequest({ host: "127.0.0.1", port: target(), method, path: url, headers, agent }, resolve);
      passed.on("error", reject);
      passed.end(body);
    });
  const passBack = async (request: Request, response: ServerResponse): Promise<void> => {
    const found = await pass(request);
    response.writeHead(found.statusCode ?? 502, withoutHop(found.rawHeaders));
    found.pipe(response);
    await once(response, "close");
  };
  const passUnseen = async (request: Request): Promise<void> => {
    const found = await pass(request);
    found.resume();
    await once(found, "close");
  };

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = withVisibility(await readRequest(message), visibilitySeconds);
    proxy.onCall?.(request.call);
    const effect = faults.take(request.call);
    if (request.call.service === "lambda" && /\/invocations/.test(request.call.path))
      return lambda.handle(request, response, effect);
    if (effect === undefined) return passBack(request, response);
    await befall(request, response, effect);
  };

  const befall = async (request: Request, response: ServerResponse, effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case "throttle":
      case "internal":
        return refuse(request, response, effect.kind);
      case "refuse":
        return answerRefusal(response, request.call, effect.status, effect.code);
      case "drop":
        return void message(request).socket.destroy();
      case "lose":
        await passUnseen(request);
        return void message(request).socket.destroy();
      case "kill":
        return lambda.killCaller(request);
      case "delay":
        await sleep(effect.ms);
        return passBack(request, response);
      case "swallow":
        return pretendDone(request, response);
      case "late":
        behind(effect, () => void passUnseen(request));
        return pretendDone(request, response);
      case "rewrite":
        behind(effect, () => void passUnseen(rewritten(request, effect)));
        return pretendDone(request, response);
      case "twice":
        behind(effect, () => void passUnseen(request));
        return passBack(request, response);
      case "throw":
      case "timeout":
        throw new Error(`the fault "${effect.kind}" is for functions, not for ${request.call.service}`);
    }
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerError(response, 502, "ProxyException", String(error));
    });
  });
  server.requestTimeout = 0;
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");

  const proxy: Proxy = {
    port: address.port,
    lambda,
    faults,
    onCall: undefined,
    async close() {
      await lambda.close();
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
  return proxy;
}

const message = ({ message }: Request): IncomingMessage => message;

function refuse({ call }: Request, response: ServerResponse, kind: "throttle" | "internal"): void {
  const [status, s3, other] =
    kind === "throttle"
      ? ([503, "SlowDown", "ThrottlingException"] as const)
      : ([500, "InternalError", "InternalError"] as const);
  if (call.service === "s3") answerRefusal(response, call, status, s3);
  else answerRefusal(response, call, kind === "throttle" ? 400 : 500, other);
}

/** The headers as they came, with the length of the body that is sent in one piece. */
function withLength(raw: readonly string[], length: number): string[] {
  return [...without(/^(content-length|transfer-encoding|connection|expect)$/i, raw), "Content-Length", String(length)];
}

/** moto ends its connections; those to the proxy stay. */
const withoutHop = (raw: readonly string[]): string[] => without(/^(connection|keep-alive)$/i, raw);

function without(names: RegExp, raw: readonly string[]): string[] {
  const headers: string[] = [];
  for (let i = 0; i < raw.length; i += 2) if (!names.test(raw[i])) headers.push(raw[i], raw[i + 1]);
  return headers;
}

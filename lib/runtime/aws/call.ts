import { importBundle } from "../../callables/bundle.ts";
import { NotFoundError, TaskTimeoutError, UnreadableError, toErrorRecord } from "../../errors.ts";
import type { Store } from "../../store/store.ts";
import { CallMemory, CallRunner } from "../calls/run-call.ts";
import type { Outcome } from "../executor.ts";
import {
  LARGE_BYTES,
  PAYLOAD_LIMIT,
  fromBody,
  toBody,
  type CallAnswer,
  type CallOutcome,
  type CallPayload,
  type CallRequest,
  type Cargo,
} from "./call-protocol.ts";
import { boundedRecord } from "./bounded-record.ts";
import { callKey, objectUrl } from "./keys.ts";
import { bytesAt, sizeAt } from "./run-objects.ts";
import type { Services } from "./services.ts";

/** For the answer: calls that run when so little of the function's time is left are given up. In milliseconds. */
const RESERVE_MS = 2_000;
/** How often a call that takes long looks whether anyone still waits for it, in milliseconds. */
const LOOK_MS = 2_000;
/** For the error of one more call, in bytes: see bounded-record.ts. */
const ERROR_ROOM = 512 * 1024;
/** Of clients, and of values that came by S3, the last are remembered: in number, and in bytes. */
const CLIENTS_KEPT = 4;
const VALUES_KEPT = 256 * 2 ** 20;

/** What an environment keeps from call to call, of content that never changes. Goes with its store. */
interface Memory {
  readonly clients: Map<string, CallMemory>;
  readonly values: Map<string, Uint8Array>;
  bytes: number;
}

const memories = new WeakMap<Store, Memory>();

/** Makes some calls of users' functions, one after the other, as a thread does. Nothing is thrown but what is wrong with the surroundings. */
export async function call(payload: CallPayload, services: Services): Promise<CallAnswer> {
  const request = "request" in payload ? await requestAt(payload.request, services) : payload;
  const refused = refusalOf(request, services);
  if (refused !== undefined) return { outcomes: [], refused: toErrorRecord(refused) };
  try {
    for (const module of request.modules) await importBundle(module);
  } catch (error) {
    return { outcomes: [], refused: toErrorRecord(error) };
  }
  return new Calling(request, services).run();
}

async function requestAt(key: string, services: Services): Promise<CallRequest> {
  const bytes = await bytesAt(services, key);
  if (bytes === undefined) throw gone(key, services);
  return JSON.parse(new TextDecoder().decode(bytes)) as CallRequest; // the client's
}

function refusalOf({ abanico, bundle }: CallRequest, services: Services): Error | undefined {
  const init = { fix: "deploy the stack with the client's version of abanico: npx abanico deploy." };
  if (abanico !== 1)
    return new UnreadableError(`The client speaks version ${String(abanico)} of calls, this stack 1.`, init);
  if (bundle === undefined || services.bundle === undefined || bundle === services.bundle) return undefined;
  return new UnreadableError("The client's code is another than that of the stack's functions.", {
    ...init,
    fields: { expected: services.bundle, found: bundle },
  });
}

class Calling {
  readonly #request: CallRequest;
  readonly #services: Services;
  readonly #memory: Memory;
  readonly #outcomes: CallOutcome[] = [];
  readonly #fractions = new Map<number, number>();
  readonly #abort = new AbortController();
  /** Characters of the answer. */
  #size = 0;

  constructor(request: CallRequest, services: Services) {
    this.#request = request;
    this.#services = services;
    const known = memories.get(services.store);
    this.#memory = known ?? { clients: new Map(), values: new Map(), bytes: 0 };
    if (known === undefined) memories.set(services.store, this.#memory);
  }

  async run(): Promise<CallAnswer> {
    const request = this.#request;
    const shared = await Promise.all(request.shared.map((cargo) => this.#bytesOf(cargo)));
    const packed = {
      bytes: fromBody({ body: request.bytes }),
      starts: Uint32Array.from(request.starts),
      shared,
      functions: request.functions,
    };
    const runner = new CallRunner(packed, this.#callMemory(), {
      worker: request.worker,
      signal: this.#abort.signal,
      fetch: (id) => this.#fetch(id),
      progress: (index, fraction) => this.#fractions.set(index, fraction),
    });
    for (const place of request.places) {
      const index = request.indices[place];
      if (this.#abort.signal.aborted || this.#services.clock.remaining() < RESERVE_MS) break;
      // What is left is handed back.
      if (this.#size > PAYLOAD_LIMIT - ERROR_ROOM) break;
      const given = runner.run(place, index);
      const ended = given instanceof Promise ? await this.#inTime(given, index) : given;
      if (ended === "over") return { outcomes: this.#outcomes, timedOut: index };
      if (ended !== undefined) await this.#add(ended);
    }
    return { outcomes: this.#outcomes };
  }

  #callMemory(): CallMemory {
    const { clients } = this.#memory;
    const { client } = this.#request;
    const memory = clients.get(client) ?? new CallMemory();
    clients.delete(client);
    clients.set(client, memory);
    for (const oldest of clients.keys()) if (clients.size > CLIENTS_KEPT) clients.delete(oldest);
    return memory;
  }

  /** "over": it took longer than the call may. Where the function's own time is over, that is the call's error. */
  async #inTime(outcome: Promise<Outcome | undefined>, index: number): Promise<Outcome | "over" | undefined> {
    const { timeoutMs } = this.#request;
    const left = this.#services.clock.remaining() - RESERVE_MS;
    const over = Promise.withResolvers<Outcome | "over" | undefined>();
    const timers = [setTimeout(() => over.resolve(this.#tooLong(index, left)), Math.min(left, 2 ** 31 - 1))];
    if (timeoutMs !== undefined) timers.push(setTimeout(() => over.resolve("over"), timeoutMs));
    const looking = setInterval(() => void this.#look(() => over.resolve(undefined)), LOOK_MS);
    try {
      return await Promise.race([outcome, over.promise]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      clearInterval(looking);
      outcome.catch(() => undefined);
    }
  }

  #tooLong(index: number, ms: number): Outcome {
    const error = new TaskTimeoutError(
      `The call took all the time that the function has: it was given up after ${Math.round(ms / 1000)} s.`,
      {
        fields: { call: index, timeoutMs: ms },
        fix: "give each call less to do; a Lambda function ends after 15 minutes.",
      },
    );
    return { index, error: toErrorRecord(error) };
  }

  /** Whether the client has given it up: then its signal is aborted, and it is no longer waited for. */
  async #look(left: () => void): Promise<void> {
    const { client, job } = this.#request;
    try {
      if ((await sizeAt(this.#services, callKey(client, `stop/${job}`))) === undefined) return;
    } catch {
      return; // the next look may tell
    }
    this.#abort.abort();
    left();
  }

  async #add(outcome: Outcome): Promise<void> {
    const { index } = outcome;
    const fraction = this.#fractions.get(index);
    const beside = {
      ...this.#printedOf(outcome),
      ...(fraction === undefined ? {} : { fraction }),
    };
    const told: CallOutcome =
      "error" in outcome
        ? { index, error: boundedRecord(outcome.error), ...beside }
        : { index, ms: outcome.ms, body: await this.#cargoOf(outcome.body, index), ...beside };
    this.#outcomes.push(told);
    this.#size += "error" in told ? Buffer.byteLength(JSON.stringify(told)) : 100;
  }

  /** A call may print a million characters, and an answer has room for few such: what has none is in the function's log. */
  #printedOf({ printed }: Outcome): Pick<CallOutcome, "printed"> {
    if (printed === undefined) return {};
    const size = Buffer.byteLength(JSON.stringify(printed));
    if (this.#size + size <= PAYLOAD_LIMIT / 2) {
      this.#size += size;
      return { printed };
    }
    return { printed: [{ stream: "stderr", text: `[${size} bytes of output are in the log of the function only]\n` }] };
  }

  async #cargoOf(bytes: Uint8Array, index: number): Promise<Cargo> {
    const length = Math.ceil(bytes.byteLength / 3) * 4;
    if (bytes.byteLength <= LARGE_BYTES && this.#size + length < PAYLOAD_LIMIT) {
      this.#size += length;
      return toBody(bytes);
    }
    const { client, job } = this.#request;
    const key = callKey(client, `out/${job}-${index}-${crypto.randomUUID().slice(0, 8)}`);
    await this.#services.store.put(objectUrl(this.#services, key), bytes);
    return { key };
  }

  async #fetch(id: number): Promise<Uint8Array> {
    const cargo = this.#request.fetched.find(([known]) => known === id)?.[1];
    if (cargo === undefined) throw new NotFoundError(`The result ${id} did not come with the call.`);
    return this.#bytesOf(cargo);
  }

  async #bytesOf(cargo: Cargo): Promise<Uint8Array> {
    if ("body" in cargo) return fromBody(cargo);
    const { values } = this.#memory;
    const known = values.get(cargo.key);
    if (known !== undefined) return known;
    const bytes = await bytesAt(this.#services, cargo.key);
    if (bytes === undefined) throw gone(cargo.key, this.#services);
    values.set(cargo.key, bytes);
    this.#memory.bytes += bytes.byteLength;
    for (const [oldest, held] of values) {
      if (this.#memory.bytes <= VALUES_KEPT) break;
      values.delete(oldest);
      this.#memory.bytes -= held.byteLength;
    }
    return bytes;
  }
}

function gone(key: string, services: Services): NotFoundError {
  return new NotFoundError(`A value of the call is not in the bucket any more: ${objectUrl(services, key)}.`, {
    fields: { key },
    fix: "its client was closed, or is older than the bucket keeps runs; make the call again.",
  });
}

import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import { runnerOf } from "../../lib/client/runner.ts";
import type { Collection } from "../../lib/collections/collection.ts";
import { fromErrorRecord, type Json } from "../../lib/errors.ts";
import { advance } from "../../lib/runtime/aws/advance.ts";
import { collect } from "../../lib/runtime/aws/collect.ts";
import { fail } from "../../lib/runtime/aws/fail.ts";
import { finish } from "../../lib/runtime/aws/finish.ts";
import { requestKey, resultKey } from "../../lib/runtime/aws/keys.ts";
import { PROTOCOL, type RunOutcome, type RunRequest } from "../../lib/runtime/aws/protocol.ts";
import { bytesAt, outcomeOf, putJson } from "../../lib/runtime/aws/run-objects.ts";
import { work } from "../../lib/runtime/aws/work.ts";
import { decodeValue } from "../../lib/values.ts";
import { SimulatedMachine, type Functions } from "./simulated-machine.ts";
import { Simulation, type SimulationOptions } from "./simulated-services.ts";

/** The functions as they are. */
export const FUNCTIONS: Functions = { advance, work, collect, finish, fail };

/** A stack in this process with files in its bucket. Listings, results, everything is as the functions see it. */
export function stackWith(
  files: { readonly [key: string]: string | Uint8Array } = {},
  options: SimulationOptions = {},
  functions: Partial<Functions> = {},
) {
  const simulation = new Simulation(options);
  const services = simulation.outside();
  const machine = new SimulatedMachine(simulation, { ...FUNCTIONS, ...functions });
  const ready = Promise.all(
    Object.entries(files).map(([key, body]) =>
      services.store.put(`s3://bucket/${key}`, typeof body === "string" ? new TextEncoder().encode(body) : body),
    ),
  );

  const execute = async (run: string, attempt = 1): Promise<RunOutcome> => {
    await ready;
    await simulation.run(machine.execute(run, attempt));
    const outcome = await outcomeOf(services, run, attempt);
    if (outcome === undefined) throw new Error(`Run ${run} has no outcome.`);
    return outcome;
  };

  const request = async (run: string, what: RunRequest["what"], rest: Partial<RunRequest> = {}): Promise<void> => {
    const { clock } = services;
    await ready;
    await putJson(services, requestKey(run), { abanico: PROTOCOL, run, createdAt: clock.now(), what, ...rest });
  };

  /** The value of a collection that is run from its JSON. */
  const compute = async (
    collection: Collection<unknown> | Json,
    rest: object = {},
    run = "run-1",
  ): Promise<unknown> => {
    const json = JSON.parse(JSON.stringify(collection)) as Json;
    await request(run, { kind: "collection", collection: json, ...rest });
    const outcome = await execute(run);
    if (!outcome.ok) throw fromErrorRecord(outcome.error);
    const bytes = await bytesAt(services, resultKey(run));
    if (bytes === undefined) throw new Error("there is no result");
    return decodeValue(bytes);
  };

  /** The same on this machine, over the same bucket: what the cloud has to give, to the bit. */
  const computeHere = async (collection: Collection<unknown>): Promise<unknown> => {
    await ready;
    const runtime = createInlineRuntime({ store: services.store });
    const host = { runtime, store: services.store, onEvent: () => undefined };
    return (await runnerOf(collection)).compute(collection, host, new AbortController().signal);
  };

  /** Keys in the bucket below a prefix. */
  const keys = async (prefix = ""): Promise<string[]> => {
    const found: string[] = [];
    for await (const { url } of services.store.list(`s3://bucket/${prefix}`))
      found.push(url.slice("s3://bucket/".length));
    return found;
  };

  return { simulation, services, machine, ready, execute, request, compute, computeHere, keys };
}

import fc from "fast-check";
import { asked, invoked, type Call, type Effect, type Fault } from "./faults.ts";
import type { EmulatedStack } from "./stack.ts";

/** Faults of one run, drawn from a seed. */
export interface Schedule {
  readonly seed: number;
  readonly run: string;
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
}

/** The state machine calls a function that has died again, so often; then the run fails by name. */
const DEATHS = 2;

/** A write at the same time. */
const CONFLICT: Effect = { kind: "refuse", status: 409, code: "ConditionalRequestConflict" };

interface Kind {
  readonly name: string;
  readonly on: (call: Call) => boolean;
  readonly effect: Effect;
}

/** What may go wrong and has to be survived: AWS does all of it, now and then. */
function kinds({ functions }: EmulatedStack): readonly Kind[] {
  const { plan = "", work = "", collect = "", finish = "" } = functions;
  const of = (name: string, on: Kind["on"], ...effects: readonly Effect[]): readonly Kind[] =>
    effects.map((effect) => ({ name: `${name}: ${JSON.stringify(effect)}`, on, effect }));
  const throttle = { kind: "throttle" } as const;
  const internal = { kind: "internal" } as const;
  const lose = { kind: "lose" } as const;
  const drop = { kind: "drop" } as const;
  const swallow = { kind: "swallow" } as const;
  return [
    ...[plan, work, collect, finish].flatMap((name) => of(name, invoked(name), throttle, internal, lose)),
    ...of("work", invoked(work), { kind: "delay", ms: 300 }),
    ...of("any GET", asked("s3", /^GET$/), throttle, internal, drop),
    ...of("any PUT", asked("s3", /^PUT$/), throttle, internal, drop, lose, CONFLICT),
    ...of("sends", asked("sqs", /^SendMessage/), throttle, internal, drop, lose, { kind: "twice" }),
    ...of("sends", asked("sqs", /^SendMessage/), { kind: "late", ms: 200 }, { kind: "late", ms: 700 }),
    ...of("receives", asked("sqs", /^ReceiveMessage/), throttle, internal, drop, lose),
    ...of("deletes", asked("sqs", /^DeleteMessage/), swallow, throttle, lose),
    ...of("collect dies before it deletes", asked("sqs", /^DeleteMessage/, collect), { kind: "kill" }),
    ...of("collect dies while it writes", asked("s3", /^PUT$/, collect), { kind: "kill" }),
  ];
}

/** One to five of them, each skipping a few calls of this run and then befalling one or two. */
export function scheduleOf(seed: number, stack: EmulatedStack): Schedule {
  const run = `faulty-${seed}`;
  const all = kinds(stack);
  const one = fc.record({
    kind: fc.constantFrom(...all),
    skip: fc.constantFrom(0, 0, 1, 2, 5),
    times: fc.constantFrom(1, 1, 2),
  });
  const some = fc.array(one, { minLength: 1, maxLength: 5 }).filter((drawn) => {
    const deaths = drawn.filter(({ kind }) => kind.effect.kind === "kill").map(({ times }) => times);
    return deaths.reduce((a, b) => a + b, 0) <= DEATHS;
  });
  const [drawn] = fc.sample(some, { numRuns: 1, seed });
  return {
    seed,
    run,
    names: drawn.map(({ kind, skip, times }) => `${kind.name} after ${skip}, ${times} times`),
    faults: drawn.map(({ kind: { on, effect }, skip, times }) => ({
      on: (call) =>
        on(call) && isOf(call, run) && (call.service === "lambda" || !["client", "states"].includes(call.caller)),
      effect,
      skip,
      times,
    })),
  };
}

/** Whether a request is one of this run: its id is in the path of its objects, the URL of its queue, the event of its functions. */
export function isOf({ path, body }: Call, run: string): boolean {
  const id = new RegExp(`\\b${run}(?![0-9])`);
  return id.test(path) || id.test(JSON.stringify(body) ?? "");
}

import type { CallableRef } from "../../callables/reference.ts";
import type { CallsJob, Executor, Lane } from "../executor.ts";
import { Heap, ReadyQueue, before } from "./heap.ts";
import type { CallNode } from "./node.ts";
import { waveTake, type Take } from "./wave-take.ts";
import { CallWriter, EARLIER, type Input, type PackedCalls } from "./wire.ts";

/**
 * Which calls go together, and to whom.
 *
 * A job takes the most urgent calls that are ready and, behind them, calls that only wait for calls of this same job: a chain runs in
 * one go, and a tree is walked depth first, without a message between. As many as take about `JOB_MS` by what is known of
 * their functions; of a function never called before, one at a time. What a thread hands back is ready again.
 *
 * Where calls go out in waves (wave-executor.ts), all that is ready goes out at once: see `waveTake`.
 */
const JOB_MS = 8;
const LARGEST_JOB = 1_024;
/** A lane may hold a second job while its first is expected to be short. In milliseconds. */
const QUICK_MS = 10;

/** Calls that go out together. */
export class OutJob implements CallsJob {
  readonly kind = "calls";
  readonly peakBytes = 0;
  readonly nodes: readonly CallNode[];
  readonly indices: Int32Array;
  readonly packed: PackedCalls;
  readonly open: boolean;
  readonly timeoutMs: number | undefined;
  readonly ms: number | undefined;
  /** Where the outcome that came last belongs: they come in order. */
  #at = 0;

  constructor(nodes: readonly CallNode[], packed: PackedCalls, open: boolean, ms?: number) {
    this.nodes = nodes;
    this.packed = packed;
    this.open = open;
    this.ms = ms;
    this.timeoutMs = nodes[0].options.timeoutMs;
    this.indices = new Int32Array(nodes.length);
    for (let i = 0; i < nodes.length; i++) {
      this.indices[i] = nodes[i].id;
      nodes[i].job = this;
    }
  }

  limitsOf(place: number): { readonly retries: number; readonly timeoutMs: number | undefined } {
    return this.nodes[place].options;
  }

  /** The call that an outcome is of; undefined where it is not this job's any more: cancelled, released, or out with another by now. */
  nodeOf(index: number): CallNode | undefined {
    for (let tried = 0; tried < this.nodes.length; tried++) {
      const at = (this.#at + tried) % this.nodes.length;
      if (this.indices[at] !== index) continue;
      this.#at = at;
      const node = this.nodes[at];
      return node.job === this ? node : undefined;
    }
    return undefined;
  }
}

export class Dispatch {
  readonly #queue = new ReadyQueue<CallNode>();
  readonly #pinned = new Map<number, CallNode[]>();
  /** Functions that a lane has been told of. */
  readonly #told = new Map<number, Set<number>>();
  #ready = 0;
  #stamps = 0;
  #last = 1;

  /** How many calls are ready. */
  get ready(): number {
    return this.#ready;
  }

  add(node: CallNode): void {
    node.state = "ready";
    this.#ready++;
    const { lane } = node.options;
    if (lane === undefined) {
      this.#queue.add(node);
      return;
    }
    const list = this.#pinned.get(lane);
    if (list === undefined) this.#pinned.set(lane, [node]);
    else list.push(node);
  }

  /** It is ready no more, and was not handed out. Its place in the queue is passed over. */
  withdraw(): void {
    this.#ready--;
  }

  /** The lane is gone. Gives what could run there only. */
  forgetLane(lane: number): CallNode[] {
    this.#told.delete(lane);
    const left = this.#pinned.get(lane) ?? [];
    this.#pinned.delete(lane);
    return left.filter(({ state }) => state === "ready");
  }

  /** Their calls run from now on. `jobMs`: how long a job should take. `wave`: calls go out in waves. */
  next(
    lane: Lane,
    { threads, callsMs: jobMs = JOB_MS, wave }: Pick<Executor, "threads" | "callsMs" | "wave">,
    inputOf: (node: CallNode) => Input,
  ): OutJob | undefined {
    const pinned = this.#topPinned(lane.id);
    const first = pinned ?? this.#top();
    if (first === undefined) return undefined;
    const { timeoutMs } = first.options;
    const quick = timeoutMs === undefined && first.fn?.ms !== undefined && first.fn.ms < QUICK_MS;
    if (lane.inFlight > 0 && !(lane.open && quick && lane.inFlight < 2)) return undefined;
    if (timeoutMs !== undefined && !lane.ready) return undefined;
    if (!lane.admits(0)) return undefined;
    if (pinned === undefined) {
      const take = wave === undefined ? this.#threadTake(threads, jobMs) : waveTake(wave.ready, first);
      return this.#take(lane, take, quick, inputOf);
    }
    this.#pinned.get(lane.id)?.shift();
    this.#ready--;
    pinned.state = "running";
    return new OutJob([pinned], this.#pack([pinned], lane, undefined, inputOf), false);
  }

  #top(): CallNode | undefined {
    for (;;) {
      const { top } = this.#queue;
      if (top === undefined || top.state === "ready") return top;
      this.#queue.take();
    }
  }

  #topPinned(lane: number): CallNode | undefined {
    const pinned = this.#pinned.get(lane);
    while (pinned !== undefined && pinned.length > 0 && pinned[0].state !== "ready") pinned.shift();
    return pinned?.[0];
  }

  #threadTake(threads: number, jobMs: number): Take {
    const worth = worthwhile(this.#top(), jobMs);
    return {
      ms: jobMs,
      unknownMs: jobMs,
      least: 1,
      // So that near the end all lanes end together; what waits for this job alone could go nowhere else.
      ready: Math.max(Math.ceil(this.#ready / (threads * 2)), worth),
      most: Math.min(LARGEST_JOB, this.#last * 4),
      follows: undefined,
    };
  }

  #take(lane: Lane, take: Take, open: boolean, inputOf: (node: CallNode) => Input): OutJob {
    const stamp = ++this.#stamps;
    const behind = new Heap<CallNode>();
    const taken: CallNode[] = [];
    let places: Map<CallNode, number> | undefined;
    const { follows, least, most, unknownMs } = take;
    const isWave = follows !== undefined;
    let fair = take.ready;
    let left = take.ms;
    let known = 0;
    while (taken.length < most) {
      const top = fair > 0 ? this.#top() : undefined;
      const follower = behind.top;
      const isFollower = follower !== undefined && (isWave || top === undefined || before(follower, top));
      const node = isFollower ? follower : top;
      if (node === undefined) break;
      const ms = isFollower && isWave ? 0 : (node.fn?.ms ?? unknownMs);
      // Of calls that have to be stopped in time a thread gets one at a time: it may have to end for it.
      const isAlone = node.options.timeoutMs !== undefined && !isWave;
      if (taken.length > 0 && ((ms > left && taken.length >= least) || isAlone)) break;
      if (isFollower) {
        behind.take();
        places ??= new Map(taken.map((one, place) => [one, place]));
      } else {
        this.#queue.take();
        this.#ready--;
        fair--;
      }
      left -= ms;
      known += node.fn?.ms ?? NaN;
      node.state = "running";
      places?.set(node, taken.length);
      taken.push(node);
      if (isAlone) break;
      const { neededBy } = node;
      if (neededBy === undefined) continue;
      for (let i = 0; i < neededBy.length; i++)
        if (joins(neededBy[i], stamp, isWave) && (follows === undefined || follows(neededBy[i], neededBy.length)))
          behind.add(neededBy[i]);
    }
    this.#last = Math.max(1, taken.length);
    return new OutJob(taken, this.#pack(taken, lane, places, inputOf), open, Number.isNaN(known) ? undefined : known);
  }

  /** `places`: of the calls of this job, where some need others. */
  #pack(
    nodes: readonly CallNode[],
    lane: Lane,
    places: ReadonlyMap<CallNode, number> | undefined,
    inputOf: (node: CallNode) => Input,
  ): PackedCalls {
    const input = (ref: CallNode): Input => {
      const place = places?.get(ref);
      return place === undefined ? inputOf(ref) : { kind: EARLIER, place };
    };
    const writer = new CallWriter(nodes.length);
    const functions: [number, CallableRef][] = [];
    let told = this.#told.get(lane.id);
    if (told === undefined) this.#told.set(lane.id, (told = new Set()));
    let before: CallNode["fn"];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      const { fn } = node;
      if (fn !== undefined && fn !== before && !told.has(fn.id)) {
        told.add(fn.id);
        functions.push([fn.id, fn.ref]);
      }
      before = fn;
      writer.call(fn?.id ?? 0, node.attempt, node.givenKey, node.args, input);
    }
    return writer.finish(functions);
  }
}

/** Where sending a job takes long, calls that are over in no time are not spread over as many jobs as there may be. */
function worthwhile(top: CallNode | undefined, jobMs: number): number {
  const ms = top?.fn?.ms;
  return jobMs <= JOB_MS || ms === undefined ? 0 : Math.floor(jobMs / 8 / Math.max(ms, 0.01));
}

/** Whether all that it still waits for is in the job with this stamp, one more of which was just taken. */
function joins(node: CallNode, stamp: number, isWave: boolean): boolean {
  const { timeoutMs, lane } = node.options;
  if (node.state !== "waiting" || node.fn === undefined || lane !== undefined) return false;
  if (timeoutMs !== undefined && !isWave) return false;
  if (node.stamp !== stamp) {
    node.stamp = stamp;
    node.missingHere = node.missing;
  }
  return --node.missingHere === 0;
}

import type { CallableRef } from "../../callables/reference.ts";
import type { CallsJob, Lane } from "../executor.ts";
import { Heap, before } from "./heap.ts";
import type { CallNode } from "./node.ts";
import { CallWriter, EARLIER, type Input } from "./wire.ts";

/**
 * Which calls go together, and to whom.
 *
 * A job takes the most urgent calls that are ready and, behind them, calls that only wait for calls of this same job: a chain runs in
 * one go, and a tree is walked depth first, without a message between. As many as take about `JOB_MS` by what is known of
 * their functions; of a function never called before, one at a time. What a thread hands back is ready again.
 */
const JOB_MS = 8;
const LARGEST_JOB = 512;
/** A lane may hold a second job while its first is expected to be short. In milliseconds. */
const QUICK_MS = 10;

interface Dispatched {
  readonly nodes: readonly CallNode[];
  readonly job: CallsJob;
}

export class Dispatch {
  readonly #heap = new Heap<CallNode>();
  readonly #pinned = new Map<number, CallNode[]>();
  /** Functions that a lane has been told of. */
  readonly #told = new Map<number, Set<number>>();
  #ready = 0;
  #stamps = 0;
  #last = 1;

  /** Calls that are ready. */
  get ready(): number {
    return this.#ready;
  }

  add(node: CallNode): void {
    node.state = "ready";
    this.#ready++;
    if (node.lane === undefined) {
      this.#heap.add(node);
      return;
    }
    const list = this.#pinned.get(node.lane);
    if (list === undefined) this.#pinned.set(node.lane, [node]);
    else list.push(node);
  }

  /** It is ready no more, and was not handed out. Its place in the heap is passed over. */
  withdraw(): void {
    this.#ready--;
  }

  forgetLane(lane: number): CallNode[] {
    this.#told.delete(lane);
    const left = this.#pinned.get(lane) ?? [];
    this.#pinned.delete(lane);
    return left;
  }

  next(lane: Lane, threads: number, inputOf: (node: CallNode) => Input): Dispatched | undefined {
    const pinned = this.#pinned.get(lane.id);
    const first = pinned?.[0] ?? this.#top();
    if (first === undefined) return undefined;
    const quick = first.timeoutMs === undefined && first.fn?.ms !== undefined && first.fn.ms < QUICK_MS;
    if (lane.inFlight > 0 && !(lane.open && quick && lane.inFlight < 2)) return undefined;
    if (first.timeoutMs !== undefined && !lane.ready) return undefined;
    if (!lane.admits(0)) return undefined;
    if (pinned !== undefined) {
      pinned.shift();
      if (pinned.length === 0) this.#pinned.delete(lane.id);
      if (first.state !== "ready") return this.next(lane, threads, inputOf);
      this.#ready--;
      first.state = "running";
      return { nodes: [first], job: this.#job([first], lane, false, inputOf) };
    }
    const nodes = this.#take(threads);
    return { nodes, job: this.#job(nodes, lane, quick, inputOf) };
  }

  #top(): CallNode | undefined {
    for (;;) {
      const top = this.#heap.top;
      if (top === undefined || top.state === "ready") return top;
      this.#heap.take();
    }
  }

  #take(threads: number): CallNode[] {
    const stamp = ++this.#stamps;
    const behind = new Heap<CallNode>();
    const taken: CallNode[] = [];
    // So that near the end all lanes end together; what waits for this job alone could go nowhere else.
    let fair = Math.ceil(this.#ready / (threads * 2));
    const limit = Math.min(LARGEST_JOB, this.#last * 4);
    let left = JOB_MS;
    while (taken.length < limit) {
      const top = fair > 0 ? this.#top() : undefined;
      const follower = behind.top;
      const isFollower = follower !== undefined && (top === undefined || before(follower, top));
      const node = isFollower ? follower : top;
      if (node === undefined) break;
      const ms = node.fn?.ms ?? JOB_MS;
      if (taken.length > 0 && (ms > left || node.timeoutMs !== undefined)) break;
      if (isFollower) behind.take();
      else {
        this.#heap.take();
        this.#ready--;
        fair--;
      }
      left -= ms;
      node.state = "running";
      taken.push(node);
      if (node.timeoutMs !== undefined) break;
      for (const next of node.neededBy) if (joins(next, stamp)) behind.add(next);
    }
    this.#last = Math.max(1, taken.length);
    return taken;
  }

  #job(nodes: readonly CallNode[], lane: Lane, open: boolean, inputOf: (node: CallNode) => Input): CallsJob {
    const writer = new CallWriter();
    const inside = new Set<CallNode>();
    const functions: [number, CallableRef][] = [];
    let told = this.#told.get(lane.id);
    if (told === undefined) this.#told.set(lane.id, (told = new Set()));
    for (const node of nodes) {
      const { fn } = node;
      if (fn !== undefined && !told.has(fn.id)) {
        told.add(fn.id);
        functions.push([fn.id, fn.ref]);
      }
      const head = { fn: fn?.id ?? 0, attempt: node.failures + 1, key: node.givenKey };
      writer.call(head, node.args, (ref) => (inside.has(ref) ? { kind: EARLIER, index: ref.id } : inputOf(ref)));
      inside.add(node);
    }
    return {
      kind: "calls",
      orders: nodes.map(({ id, failures }) => ({ index: id, attempt: failures + 1 })),
      packed: writer.finish(functions),
      peakBytes: 0,
      open,
      timeoutMs: nodes[0].timeoutMs,
    };
  }
}

/** Whether all that it still waits for is in the job with this stamp, one more of which was just taken. */
function joins(node: CallNode, stamp: number): boolean {
  if (node.state !== "waiting" || node.fn === undefined || node.timeoutMs !== undefined || node.lane !== undefined)
    return false;
  if (node.stamp !== stamp) {
    node.stamp = stamp;
    node.missingHere = node.missing;
  }
  return --node.missingHere === 0;
}

import { expect } from "vitest";
import type { CallNode } from "../../lib/runtime/calls/node.ts";

/** A hold, as the test keeps it. */
export interface Held {
  readonly node: CallNode;
  state: "open" | "loose" | "released";
}

/** All calls that can be reached from these. */
export function reachable(roots: Iterable<CallNode>): Set<CallNode> {
  const found = new Set<CallNode>();
  const open = [...roots];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...node.needs, ...(node.neededBy ?? []), ...(node.followers ?? []));
    if (node.follows !== undefined) open.push(node.follows);
  }
  return found;
}

/** What ledger.ts says of calls whenever nothing is at work. */
export function checkInvariants(nodes: ReadonlySet<CallNode>, holds: readonly Held[]): void {
  for (const node of nodes) {
    if (node.state === "dropped") continue;
    const { key, state } = node;
    const mine = holds.filter((hold) => hold.node === node);
    const open = mine.filter((hold) => hold.state === "open").length;
    const loose = node.over ? 0 : mine.filter((hold) => hold.state === "loose").length;
    let needed = 0;
    let followed = 0;
    for (const other of nodes) {
      if (other.state === "dropped") continue;
      if (other.needs.includes(node)) needed++;
      if (other.follows === node) followed++;
    }
    expect(node.loose, `loose of ${key} (${state})`).toBe(loose);
    expect(node.uses, `uses of ${key} (${state})`).toBe(open + loose + needed + followed);
    expect(node.uses, `${key} (${state}) is kept for someone`).toBeGreaterThan(0);
    const lacking = node.needs.filter((need) => need.state !== "done");
    for (const need of lacking)
      expect(need.neededBy?.filter((one) => one === node).length ?? 0, `${key} (${state}) waits for ${need.key}`).toBe(
        1,
      );
    if (state === "waiting" || state === "ready" || state === "running") {
      const postponed = node.missing - lacking.length;
      expect(postponed === 0 || (postponed === 1 && state === "waiting" && node.attempt > 1), `missing of ${key}`).toBe(
        true,
      );
    }
    if (state === "waiting") expect(node.missing, `${key} waits for something`).toBeGreaterThan(0);
    if (state === "ready") expect(node.missing, `${key} is ready`).toBe(0);
    if (state === "following" && node.follows !== undefined)
      expect(node.follows.followers?.includes(node), `${key} follows`).toBe(true);
    if (state === "done" && node.follows !== undefined) {
      expect(node.follows.state, `${key} is done by another`).toBe("done");
      expect(node.follows.follows, `${key} follows what follows none`).toBeUndefined();
    }
    expect(node.error !== undefined, `error of ${key} (${state})`).toBe(state === "failed" || state === "cancelled");
  }
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InternalError } from "../../lib/errors.ts";
import type { Span } from "../../lib/kernels/kernel.ts";
import { RangeIndex, type RangesRule } from "../../lib/plan/rules.ts";
import { ChainGate, type GateState, type Verdict } from "../../lib/runtime/chain.ts";

const ruleOf = (sizes: readonly number[], blockSize: number): RangesRule => ({
  kind: "ranges",
  sources: sizes.map((size, i) => ({ url: `file:///${i}`, size, etag: "1" })),
  blockSize,
});

/** A file as the records that start in it. */
interface File {
  readonly size: number;
  readonly starts: readonly number[];
}

const file: fc.Arbitrary<File> = fc.integer({ min: 1, max: 400 }).chain((size) =>
  fc.uniqueArray(fc.integer({ min: 1, max: size }), { maxLength: 40 }).map((starts) => ({
    size,
    starts: [0, ...starts.filter((s) => s < size).sort((a, b) => a - b)],
  })),
);

const firstFrom = (file: File, at: number) => file.starts.find((start) => start >= at) ?? file.size;
const countBetween = (file: File, from: number, to: number) => file.starts.filter((s) => s >= from && s < to).length;

describe("against a simulation", () => {
  test.each([1, 2, 5])(
    "in %i windows, with wrong guesses and doubts, in any order, and checkpoints: each range is released once, from its proven start",
    (count) => {
      fc.assert(
        fc.property(
          fc.array(file, { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 5, max: 80 }),
          fc.infiniteStream(fc.nat(1_000)),
          (files, blockSize, stream) => {
            const roll = (below: number) => Number(stream.next().value) % below;
            const rule = ruleOf(
              files.map(({ size }) => size),
              blockSize,
            );
            const index = RangeIndex.of(rule);
            // Windows of any size: exits are passed on when it happens, and twice.
            const cuts = Array.from({ length: count - 1 }, () => roll(index.count + 1)).sort((a, b) => a - b);
            const windows = [0, ...cuts].map((start, i) => ({ start, end: cuts[i] ?? index.count }));
            const gates = windows.map((window) => new ChainGate(rule, window));
            const run = (task: number, given?: number): Span => {
              const { start, end, sourceIndex, rangeIndex } = index.rangeAt(task);
              const file = files[sourceIndex];
              if (given !== undefined) return { from: given, next: Math.max(given, firstFrom(file, end)) };
              const truth = { from: firstFrom(file, start), next: firstFrom(file, end) };
              if (rangeIndex === 0 || roll(3) > 0) return truth;
              if (roll(3) === 0) return { ...truth, doubt: "a ragged row" };
              const from = Math.min(start + roll(blockSize + 30), file.size);
              // From the right start a task cannot but reach the right end.
              if (from === truth.from) return truth;
              return { from, next: roll(2) === 0 ? truth.next : Math.min(end + roll(50), file.size) };
            };

            const queue: { task: number; from?: number }[] = Array.from({ length: index.count }, (_, task) => ({
              task,
            }));
            const spans = new Map<number, Span>();
            const released: number[] = [];
            const repaired = new Set<number>();
            const follow = (verdict: Verdict) => {
              released.push(...verdict.released);
              for (const repair of verdict.repairs) {
                expect(repaired.has(repair.task)).toBe(false);
                repaired.add(repair.task);
                queue.push(repair);
              }
            };
            const passOn = (always: boolean) => {
              for (let i = 0; i + 1 < count; i++) {
                // Empty windows pass on nothing: what is between them is one.
                const exit = gates[i].exit;
                const next = windows.findIndex(({ start, end }, at) => at > i && end > start);
                if (exit !== undefined && next >= 0 && (always || roll(4) === 0)) follow(gates[next].enter(exit));
              }
            };
            for (;;) {
              passOn(queue.length === 0);
              if (queue.length === 0) break;
              const [{ task, from }] = queue.splice(roll(queue.length), 1);
              const span = run(task, from);
              spans.set(task, span);
              const { start, end, sourceIndex } = index.rangeAt(task);
              const records = countBetween(files[sourceIndex], Math.max(span.from, start), end);
              const at = windows.findIndex((window) => task >= window.start && task < window.end);
              const verdict = gates[at].offer(task, span, records, from);
              if (roll(10) === 0) gates[at].offer(task, { from: 0, next: 0 }); // a late duplicate changes nothing
              if (roll(10) === 0) {
                const saved = JSON.parse(JSON.stringify(gates[at].state())) as GateState;
                gates[at] = ChainGate.restore(rule, saved, windows[at]);
              }
              follow(verdict);
            }

            expect([...released].sort((a, b) => a - b)).toEqual(Array.from({ length: index.count }, (_, i) => i));
            for (let task = 0; task < index.count; task++) {
              const { start, end, sourceIndex, rangeIndex } = index.rangeAt(task);
              const span = spans.get(task);
              if (rangeIndex > 0) expect(span?.from).toBe(spans.get(task - 1)?.next);
              expect(span?.from).toBe(firstFrom(files[sourceIndex], start));
              if (firstFrom(files[sourceIndex], start) <= end) expect(span?.doubt).toBeUndefined();
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});

describe("step by step", () => {
  const gateOf = (ranges: number) => new ChainGate(ruleOf([ranges * 100], 100));

  test("right guesses are released as soon as what is before them is", () => {
    const gate = gateOf(3);
    expect(gate.offer(2, { from: 205, next: 300 })).toEqual({ released: [], repairs: [] });
    expect(gate.offer(0, { from: 0, next: 107 })).toEqual({ released: [0], repairs: [] });
    expect(gate.offer(1, { from: 107, next: 205 })).toEqual({ released: [1, 2], repairs: [] });
  });

  test("a wrong guess is repaired once, and those behind it keep theirs", () => {
    const gate = gateOf(3);
    gate.offer(0, { from: 0, next: 107 });
    gate.offer(2, { from: 205, next: 300 });
    expect(gate.offer(1, { from: 120, next: 205 })).toEqual({ released: [], repairs: [{ task: 1, from: 107 }] });
    expect(gate.offer(1, { from: 107, next: 205 }, 0, 107)).toEqual({ released: [1, 2], repairs: [] });
  });

  test("a record that swallows a whole range leaves it empty", () => {
    const gate = gateOf(3);
    gate.offer(0, { from: 0, next: 250 });
    expect(gate.offer(1, { from: 130, next: 210 }).repairs).toEqual([{ task: 1, from: 250 }]);
    expect(gate.offer(1, { from: 250, next: 250 }, 0, 250)).toEqual({ released: [1], repairs: [] });
    expect(gate.offer(2, { from: 250, next: 300 })).toEqual({ released: [2], repairs: [] });
  });

  test("a doubt is repaired even where the guess agrees", () => {
    const gate = gateOf(2);
    gate.offer(0, { from: 0, next: 107 });
    const verdict = gate.offer(1, { from: 107, next: 200, doubt: "5 fields" });
    expect(verdict.repairs).toEqual([{ task: 1, from: 107 }]);
  });

  test("rows before a range are those of the verified ranges", () => {
    const gate = gateOf(3);
    gate.offer(1, { from: 107, next: 205 }, 20);
    expect(() => gate.rowsBefore(2)).toThrow(InternalError);
    gate.offer(0, { from: 0, next: 107 }, 10);
    expect(gate.rowsBefore(2)).toBe(30);
  });

  test("a repair that does not start where it was told is an internal error", () => {
    const gate = gateOf(2);
    gate.offer(0, { from: 0, next: 107 });
    gate.offer(1, { from: 120, next: 200 });
    expect(() => gate.offer(1, { from: 121, next: 200 }, 0, 107)).toThrow(/told to start at byte 107/);
    expect(() => gateOf(2).offer(0, { from: 0, next: 1, doubt: "?" })).toThrow(/had to be sure/);
  });
});

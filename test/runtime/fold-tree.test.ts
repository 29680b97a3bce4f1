import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FoldTree, type Merge } from "../../lib/runtime/fold-tree.ts";

type Combine<P> = (left: P, right: P) => P;

/** Performs merges until none is ready; `pick` says which of those at hand comes next. */
function settleAll<P>(tree: FoldTree<P>, merges: readonly Merge<P>[], merge: Combine<P>, pick = (n: number) => n - 1) {
  const ready = [...merges];
  while (ready.length > 0) {
    const [{ node, left, right }] = ready.splice(pick(ready.length), 1);
    ready.push(...tree.settle(node, merge(left, right)));
  }
}

/** The fold as its shape defines it: the reference that the tree is held against. */
function reference<P>(leaves: readonly P[], merge: Combine<P>): P {
  if (leaves.length === 1) return leaves[0];
  const half = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return merge(reference(leaves.slice(0, half), merge), reference(leaves.slice(half), merge));
}

const add: Combine<number> = (a, b) => a + b;
const concat: Combine<string> = (a, b) => `(${a}${b})`;
const hostile = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
  fc.constantFrom(1e16, -1e16, 1, -1, 1e-300, 0.1, 5e-324),
);
const leaves = fc.array(hostile, { minLength: 1, maxLength: 70 });
const shuffled = leaves.chain((values) =>
  fc.tuple(
    fc.constant(values),
    fc.shuffledSubarray(
      values.map((_, i) => i),
      { minLength: values.length },
    ),
  ),
);

describe("the same bits", () => {
  test("for float sums of hostile magnitudes, whatever the order of arrival and of merging", () => {
    fc.assert(
      fc.property(shuffled, fc.infiniteStream(fc.nat()), ([values, order], choices) => {
        const tree = new FoldTree<number>(values.length);
        const pending: Merge<number>[] = [];
        const next = () => Number(choices.next().value);
        for (const shard of order) {
          pending.push(...tree.offer(shard, values[shard]).merges);
          // Some merges are settled now, some stay out for a while.
          while (pending.length > 0 && next() % 2 === 0) {
            const [{ node, left, right }] = pending.splice(next() % pending.length, 1);
            pending.push(...tree.settle(node, left + right));
          }
        }
        settleAll(tree, pending, add, (n) => next() % n);
        expect(tree.done).toBe(true);
        expect(Object.is(tree.root?.value, reference(values, add))).toBe(true);
      }),
    );
  });

  test("for text: left before right, in the fixed shape", () => {
    fc.assert(
      fc.property(shuffled, ([values, order]) => {
        const texts = values.map((_, i) => `${i};`);
        const tree = new FoldTree<string>(texts.length);
        for (const shard of order) settleAll(tree, tree.offer(shard, texts[shard]).merges, concat);
        expect(tree.root?.value).toBe(reference(texts, concat));
      }),
    );
  });

  test("when aligned subtrees come folded already", () => {
    fc.assert(
      fc.property(leaves, fc.integer({ min: 0, max: 4 }), (values, level) => {
        const size = 2 ** level;
        const tree = new FoldTree<number>(values.length);
        const firsts = values.map((_, i) => i).filter((i) => i % size === 0);
        for (const first of firsts.reverse())
          settleAll(tree, tree.offer(first, reference(values.slice(first, first + size), add), level).merges, add);
        expect(Object.is(tree.root?.value, reference(values, add))).toBe(true);
      }),
    );
  });
});

test("duplicates are reported and merged once", () => {
  fc.assert(
    fc.property(shuffled, fc.array(fc.nat(69)), ([values, order], repeats) => {
      const texts = values.map((_, i) => `${i};`);
      const tree = new FoldTree<string>(texts.length);
      const seen = new Set<number>();
      for (const shard of [...order.slice(0, 5), ...repeats.map((r) => r % values.length), ...order]) {
        const offered = tree.offer(shard, texts[shard]);
        expect(offered.duplicate).toBe(seen.has(shard));
        seen.add(shard);
        settleAll(tree, offered.merges, concat);
      }
      expect(tree.root?.value).toBe(reference(texts, concat));
    }),
  );
});

test("a checkpoint at any point gives the same result", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  fc.assert(
    fc.property(shuffled, fc.array(fc.boolean(), { minLength: 70, maxLength: 70 }), ([values, order], stops) => {
      const texts = values.map((_, i) => `${i};`);
      let tree = new FoldTree<string>(texts.length);
      order.forEach((shard, i) => {
        settleAll(tree, tree.offer(shard, texts[shard]).merges, concat);
        if (!stops[i]) return;
        const { json, parts } = tree.state(encode);
        tree = FoldTree.restore({ json: structuredClone(json), parts }, decode);
        expect(tree.offer(shard, "again").duplicate).toBe(true);
      });
      expect(tree.root?.value).toBe(reference(texts, concat));
    }),
  );
});

test("arrival in order holds at most log2(n) + 1 partials", () => {
  for (const count of [1, 2, 3, 7, 64, 100, 1_000]) {
    const tree = new FoldTree<number>(count);
    for (let shard = 0; shard < count; shard++) {
      settleAll(tree, tree.offer(shard, 1).merges, add);
      expect(tree.held).toBeLessThanOrEqual(Math.floor(Math.log2(count)) + 1);
    }
    expect(tree.root?.value).toBe(count);
  }
});

describe("truncate", () => {
  test("leaves the tree of the shorter count", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (count, cut) => {
        const texts = Array.from({ length: count }, (_, i) => `${i};`);
        const keep = Math.min(count, cut);
        const tree = new FoldTree<string>(count);
        for (let i = 0; i < keep; i++) settleAll(tree, tree.offer(i, texts[i]).merges, concat);
        settleAll(tree, tree.truncate(cut), concat);
        expect(tree.count).toBe(keep);
        expect(tree.root?.value).toBe(reference(texts.slice(0, keep), concat));
      }),
    );
  });

  test("refuses a cut through what is merged", () => {
    const tree = new FoldTree<string>(4);
    tree.offer(2, "c");
    settleAll(tree, tree.offer(3, "d").merges, concat);
    expect(() => tree.truncate(3)).toThrow(/cannot be cut after 3/);
  });
});

test("no shards: done at once, without a root", () => {
  const tree = new FoldTree<string>(0);
  expect(tree.done).toBe(true);
  expect(tree.root).toBeUndefined();
});

test("misuse is an internal error", () => {
  const tree = new FoldTree<string>(4);
  expect(() => tree.offer(4, "x")).toThrow(/begins with shard 4 of 4/);
  expect(() => tree.offer(1, "x", 1)).toThrow(/subtree of level 1/);
  expect(() => tree.settle({ level: 1, position: 0 }, "x")).toThrow(/not being merged/);
  tree.offer(0, "a");
  expect(() => tree.offer(0, "ab", 1)).toThrow(/had come before/);
});

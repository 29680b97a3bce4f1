import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChunkedArray, Client, compute, fromArray, linalg, random, type AnyArray } from "../../lib/index.ts";
import { inputsOf } from "../../lib/collections/array/graph.ts";
import { countsOf, maskFor } from "../../lib/collections/array/make-select.ts";
import { countedOnce } from "../../lib/client/counted-masks.ts";
import { computeArrays } from "../../lib/client/run-array.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { lowerChunks } from "../../lib/plan/lower/array.ts";
import { createInlineRuntime } from "../../lib/runtime/inline.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { defaultStore } from "../../lib/store/default-store.ts";

/** What several arrays that are computed together share is computed once; results are what each gives alone. */

let client: Client;
let plans: Plan[] = [];
beforeAll(async () => {
  client = await Client.local({ workers: 0, progress: false });
  client.onEvent((event) => event.type === "run-started" && plans.push(event.plan));
});
afterAll(() => client.shutdown());

/** Functions of whole arrays, and of chunks, that ran: by name. */
function ran(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const stage of plans.flatMap(({ stages }) => stages)) {
    const { sink, program = [] } = stage.work.params as {
      sink?: { to: string; fn?: { name: string } };
      program?: readonly { op: string; fn?: { name: string } }[];
    };
    if (sink?.to === "whole" && sink.fn !== undefined) count(counts, sink.fn.name);
    for (const { op } of program) if (op === "blocks" || op === "matmul") count(counts, op);
  }
  return counts;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** Computed together, and what ran; each alone must give the same bits. */
async function together(arrays: readonly AnyArray[]): Promise<Record<string, number>> {
  const alone = [];
  for (const array of arrays) alone.push(await array.compute());
  plans = [];
  const all = await compute(...arrays);
  const counts = ran();
  for (const [i, one] of all.entries()) expect(one).toEqual(alone[i]);
  return counts;
}

const tall = random.normal([600, 12], { chunks: [100, 12], seed: 1 });
const square = random.normal([20, 20], { chunks: [7, 9], seed: 2 });
const symmetric = square.add(square.T);

describe("outputs of one decomposition", () => {
  test("Q and R, of a tall matrix and of a square one", async () => {
    expect(await together(linalg.qr(tall))).toEqual({ qr: 1 });
    expect(await together(linalg.qr(square))).toEqual({ qr: 1 });
  });

  test("U, the singular values and V", async () => {
    expect(await together(linalg.svd(tall))).toEqual({ qr: 1, svd: 1, matmul: 1 });
    expect(await together(linalg.svd(tall.T))).toEqual({ qr: 1, svd: 1, matmul: 1 });
    expect(await together(linalg.svd(square))).toMatchObject({ qr: 1, svd: 1 });
    expect(await together(linalg.svdCompressed(tall, 3, { seed: 4 }))).toMatchObject({ svd: 1 });
  });

  test("eigenvalues and vectors, sign and logarithm, all of least squares", async () => {
    expect(await together(linalg.eigh(symmetric))).toEqual({ eigh: 1 });
    expect(await together(linalg.eigh(symmetric.astype("float32")))).toEqual({ eigh: 1 });
    expect(await together(linalg.slogdet(square))).toEqual({ det: 1 });
    const found = await together(linalg.lstsq(tall, tall.slice([], 0)));
    expect(found["lstsq"]).toBe(1);
    expect(found["qr"]).toBe(1);
  });

  test("of one array, in one plan", () => {
    const [u] = linalg.svd(tall);
    const stages = lowerChunks(u.node).stages.map(({ id }) => id.replace(/-\d+$/, ""));
    expect(stages.filter((id) => id === "qr")).toHaveLength(1);
  });

  test("of which one alone is asked for, make no others", () => {
    const [, values] = linalg.svd(tall);
    const sinks = lowerChunks(values.node).stages.map(({ work }) => (work.params as { sink: object }).sink);
    expect(sinks).toContainEqual(expect.objectContaining({ to: "whole", fn: { name: "svd" }, output: 1 }));
  });
});

describe("arrays that are made of the same", () => {
  test("a result that another is made of, with the bits that it has alone", async () => {
    const r = linalg.qr(square)[1];
    expect(await together([r, linalg.inv(r)])).toEqual({ qr: 1, inv: 1 });
    const mean = tall.mean({ axis: 0 });
    await together([mean, tall.sub(mean).std({ axis: 0 })]);
  });

  test("a reduction that results in other chunks are made of", async () => {
    const centred = tall.sub(tall.mean({ axis: 0 }));
    await together([centred.rechunk([50, 6]), centred.T]);
    expect(plans.flatMap(({ stages }) => stages).filter(({ id }) => id.startsWith("partials"))).toHaveLength(1);
  });

  test("a user's function of blocks, whose results are asked for in different chunks", async () => {
    const doubled = tall.mapBlocks(({ data }: { data: Float64Array }) => data.map((value) => 2 * value), {
      dtype: "float64",
    });
    expect(await together([doubled.rechunk([50, 6]), doubled.T])).toEqual({ blocks: 1 });
  });

  test("nothing is kept behind, whether it succeeds or fails", async () => {
    for (const corner of [4, NaN]) {
      const inner = createInlineRuntime({ store: defaultStore() });
      const [begun, released] = [new Set<string>(), new Set<string>()];
      const run: Runtime["run"] = async (plan, options) => {
        const result = await inner.run(plan, options);
        begun.add(result.run);
        return result;
      };
      const release = async (id: string) => {
        released.add(id);
        await inner.release(id);
      };
      const host = { runtime: { ...inner, run, release }, store: defaultStore(), onEvent: () => undefined };
      const x = fromArray(Float64Array.of(1, 2, 3, corner)).reshape(2, 2);
      const outputs = [...linalg.svd(x.mapBlocks(({ data }: { data: Float64Array }) => data)), x.T];
      const made = computeArrays(outputs.map(({ node }) => node), host, new AbortController().signal); // prettier-ignore
      await made.catch(() => undefined);
      expect(begun.size).toBeGreaterThan(0);
      expect([...begun].filter((id) => !released.has(id))).toEqual([]);
      await inner.close();
    }
  });

  test("one that fails is told once, and stops the others", async () => {
    const [values, vectors] = linalg.eigh(fromArray(Float64Array.of(1, NaN, NaN, 1)).reshape(2, 2));
    await expect(compute(values, vectors)).rejects.toThrow("expects finite numbers");
  });
});

describe("a mask that select counts", () => {
  const told = () =>
    plans
      .flatMap(({ stages }) => stages)
      .flatMap(({ work }) => (work.params as { program?: { op: string }[] }).program ?? []);
  const times = (name: string) => told().filter(({ op }) => op === name).length;
  const dear = () =>
    tall.mapBlocks(({ data }: { data: Float64Array }) => data.map((value) => value), { dtype: "float64" });

  test("is computed once, for whatever is made of what it chooses", async () => {
    plans = [];
    const x = dear();
    const chosen = await tall.select(x.gt(0));
    expect(times("blocks")).toBe(1);
    const values = await chosen.compute();
    const wanted = (await tall.compute()).data.filter((value) => value > 0);
    expect([...values.data].sort()).toEqual([...wanted].sort());
    expect(values.shape).toEqual([wanted.length]);
    await chosen.mul(2).sum().compute();
    await chosen.persist();
    await chosen.writeNpy("memory://select/chosen.npy");
    await chosen.toDataFrame();
    expect(times("blocks")).toBe(1);
    // A byte of the mask for each number.
    expect(await client.explain(chosen)).toContain("7.20 kB to read");
  });

  test("is part of the description: as JSON it computes the same, also with another client", async () => {
    const chosen = await tall.select(dear().slice([], 0).gt(0), { axis: 0 });
    const values = await chosen.compute();
    expect(await ChunkedArray.fromJSON(JSON.parse(JSON.stringify(chosen))).compute()).toEqual(values);
    const other = await Client.local({ workers: 0, progress: false });
    expect(await other.compute(chosen)).toEqual(values);
    await other.shutdown();
  });

  test("is not kept where it is larger than a task's share of the memory", async () => {
    const runtime = createInlineRuntime({ store: defaultStore() });
    const counts = countsOf(maskFor(tall.node, dear().gt(0).node, undefined));
    const counted = (taskBytes: number) =>
      countedOnce(counts, { runtime: { ...runtime, taskBytes }, store: defaultStore(), onEvent: () => undefined }, new AbortController().signal); // prettier-ignore
    expect(await counted(tall.size - 1)).toBe(counts);
    expect(inputsOf(await counted(tall.size))).toMatchObject([{ op: "kept", shape: [tall.size] }]);
    await runtime.close();
  });
});

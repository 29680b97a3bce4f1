import { expect, test } from "vitest";
import { arange, cov, random, type ChunkedArray } from "../../lib/index.ts";
import { PlanError } from "../../lib/errors.ts";
import { lowerChunks, lowerReductions } from "../../lib/plan/lower/array.ts";
import { validatePlan } from "../../lib/plan/validate.ts";

/** Plans of arrays that come from outside: our own pass, and what is wrong in others is said where it is. */

const x = random.normal([30, 20], { chunks: [7, 6], seed: 1 });
const square = random.normal([30, 30], { chunks: [7, 7], seed: 1 });
const plans = [
  lowerChunks(x.T.add(x.T.mean({ axis: 0 })).slice([1, null, 2]).node),
  lowerChunks(x.rechunk([30, 1]).add(arange(20)).node),
  lowerChunks(x.matmul(x.T).node),
  lowerReductions([x.sum().node, x.std({ axis: 1 }).node])?.plan,
  lowerReductions([cov(x.T).node])?.plan,
  lowerReductions([square.add(square.T).mean({ axis: 0 }).node])?.plan,
  lowerChunks((x as ChunkedArray).reshape(600).take([5, 3]).node),
  lowerChunks(x.matmul(x.T.mul(2)).node, { isThere: () => true }),
];
const copyOf = (plan: unknown) => JSON.parse(JSON.stringify(plan)) as unknown;

test("our own plans pass, also through JSON", () => {
  for (const plan of plans) expect(() => validatePlan(copyOf(plan))).not.toThrow();
});

test.each([
  ["an operation that is none", ["program", 0, "op"], "explode", "program[0].op"],
  ["a dtype that is none", ["program", 0, "dtype"], "float16", "program[0].dtype"],
  ["a shape that is none", ["program", 0, "shape"], [-1, 20], "program[0].shape[0]"],
  ["chunks of another length", ["program", 0, "chunks"], [[30], [19]], "program[0].chunks[1]"],
  ["a node that reads itself", ["program", 1, "inputs"], [1], "program[1].inputs[0]"],
  ["too many inputs", ["program", 1, "inputs"], [0, 0], "program[1].inputs"],
  ["axes that come twice", ["program", 1, "axes"], [0, 0], "program[1].axes"],
  ["a grid that is none", ["grid"], 7, "grid"],
  ["a root that is not there", ["sink", "root"], 99, "sink.root"],
  ["a sink that is none", ["sink", "to"], "moon", "sink.to"],
])("%s is refused, with its place", (_, path, value, where) => {
  const plan = copyOf(lowerChunks(x.T.node)) as { stages: { work: { params: Record<string | number, unknown> } }[] };
  let at = plan.stages[0].work.params;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  at[path[path.length - 1]] = value;
  const failure = (() => {
    try {
      return validatePlan(plan);
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toBeInstanceOf(PlanError);
  expect((failure as PlanError).fields["path"]).toBe(`stages[0].work.params.${where}`);
});

test("products by a library that there is not, or of whole numbers by one of floats, are refused", () => {
  const plan = copyOf(plans[7]) as { stages: { work: { params: { program: Record<string, unknown>[] } } }[] };
  const { program } = plan.stages[plan.stages.length - 1].work.params;
  const at = program.findIndex(({ op }) => op === "matmul");
  expect(program[at]["gemm"]).toBe("onnxruntime");
  program[at]["dtype"] = "int32";
  expect(() => validatePlan(plan)).toThrow(`program[${at}].dtype`);
  program[at]["gemm"] = "magic";
  expect(() => validatePlan(plan)).toThrow(`program[${at}].gemm`);
});

test.each([
  ["of axes in other chunks", (params: Params) => (params["grid"] = [[30], [15, 15]]), "grid"],
  ["that are kept", (params: Params) => (params["sink"] = { to: "block", root: 0 }), "sink.to"],
  ["said otherwise", (params: Params) => (params["pairs"] = 1), "pairs"],
])("pairs of chunks %s are refused", (_, change, where) => {
  const plan = copyOf(plans[5]) as { stages: { work: { params: Params } }[] };
  change(plan.stages[0].work.params);
  expect(() => validatePlan(plan)).toThrow(
    expect.objectContaining({ fields: expect.objectContaining({ path: `stages[0].work.params.${where}` }) as unknown }),
  );
});

type Params = Record<string, unknown>;

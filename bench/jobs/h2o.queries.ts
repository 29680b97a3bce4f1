/** The ten group-by questions and the five joins of the H2O and DuckDB database benchmark, with the DataFrame API, from CSV. */
import type * as Api from "../../lib/index.ts";
import type { JoinTable } from "../data/h2o.ts";

type Question = (api: typeof Api, folder: string) => Api.DataFrame;

const groups = ({ readCsv }: typeof Api, folder: string) => readCsv(`${folder}/g1.csv`);

/** By name; see `TITLES`. */
export const groupQuestions: Readonly<Record<string, Question>> = {
  q1: (api, folder) =>
    groups(api, folder)
      .groupBy("id1")
      .agg({ v1: api.col("v1").sum() }),
  q2: (api, folder) =>
    groups(api, folder)
      .groupBy("id1", "id2")
      .agg({ v1: api.col("v1").sum() }),
  q3: (api, folder) =>
    groups(api, folder)
      .groupBy("id3")
      .agg({ v1: api.col("v1").sum(), v3: api.col("v3").mean() }),
  q4: (api, folder) =>
    groups(api, folder)
      .groupBy("id4")
      .agg({ v1: api.col("v1").mean(), v2: api.col("v2").mean(), v3: api.col("v3").mean() }),
  q5: (api, folder) =>
    groups(api, folder)
      .groupBy("id6")
      .agg({ v1: api.col("v1").sum(), v2: api.col("v2").sum(), v3: api.col("v3").sum() }),
  q6: (api, folder) =>
    groups(api, folder)
      .groupBy("id4", "id5")
      .agg({ median: api.col("v3").median(), sd: api.col("v3").std() }),
  q7: (api, folder) =>
    groups(api, folder)
      .groupBy("id3")
      .agg({ most: api.col("v1").max(), least: api.col("v2").min() })
      .assign({ range: api.col("most").sub(api.col("least")) })
      .select("id3", "range"),
  q8: (api, folder) =>
    groups(api, folder)
      .groupBy("id6")
      .agg({ first: api.col("v3").nthLargest(1), second: api.col("v3").nthLargest(2) }),
  q9: (api, folder) =>
    groups(api, folder)
      .groupBy("id2", "id4")
      .agg({ r: api.col("v1").corr(api.col("v2")) })
      .assign({ r2: api.col("r").mul(api.col("r")) })
      .select("id2", "id4", "r2"),
  q10: (api, folder) =>
    groups(api, folder)
      .groupBy("id1", "id2", "id3", "id4", "id5", "id6")
      .agg({ v3: api.col("v3").sum(), count: api.size() }),
};

const joined =
  (other: Exclude<JoinTable, "x">, on: string, how: "inner" | "left"): Question =>
  ({ readCsv }, folder) =>
    readCsv(`${folder}/x.csv`).join(readCsv(`${folder}/${other}.csv`), { on, how, suffixes: ["", "_y"] });

export const joinQuestions: Readonly<Record<string, Question>> = {
  j1: joined("small", "id1", "inner"),
  j2: joined("medium", "id2", "inner"),
  j3: joined("medium", "id2", "left"),
  j4: joined("medium", "id5", "inner"),
  j5: joined("big", "id3", "inner"),
};

/** What the benchmark calls them. */
export const TITLES: Readonly<Record<string, string>> = {
  q1: "sum v1 by id1",
  q2: "sum v1 by id1, id2",
  q3: "sum v1, mean v3 by id3",
  q4: "mean v1, v2, v3 by id4",
  q5: "sum v1, v2, v3 by id6",
  q6: "median v3, sd v3 by id4, id5",
  q7: "max v1 - min v2 by id3",
  q8: "largest two v3 by id6",
  q9: "regression v1 v2 by id2, id4",
  q10: "sum v3, count by id1 … id6",
  j1: "small inner on int",
  j2: "medium inner on int",
  j3: "medium outer on int",
  j4: "medium inner on factor",
  j5: "big inner on int",
};

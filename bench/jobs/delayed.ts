/** Graphs of tiny calls, built and computed: a sum of increments, and a tree of additions over as many leaves. Half of the calls each. */
import type { DataSet, Job } from "../job.ts";

const script = new URL("../peers/delayed.py", import.meta.url);

export const job: Job = {
  name: "delayed",
  title: "build and compute a wide graph and a tree",
  rows: 200_000,
  smokeRows: 4_000,
  noun: "calls",
  data: graphs,
  abanico: new URL("delayed.abanico.ts", import.meta.url),
  peers: [{ name: "dask", packages: ["dask"], script }],
  // Five times its calls a second. Dask makes a part of them, see its script.
  bars: [{ kind: "time", against: "dask", atMost: 0.2 }],
};

/** There is nothing to read: in the place of a glob stands the number of leaves of each graph. */
function graphs(_folder: string, rows: number): Promise<DataSet> {
  const wide = Math.floor(rows / 2);
  const leaves = Math.floor(rows / 4);
  // 1 + 2 + … + n
  const sum = (n: number) => (n * (n + 1)) / 2;
  const expected = { wide: sum(wide), tree: sum(leaves) };
  return Promise.resolve({ glob: `${wide},${leaves}`, files: [], rows, bytes: 0, expected });
}

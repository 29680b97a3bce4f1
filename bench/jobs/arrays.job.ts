/** The jobs on arrays: each side makes its own random numbers, so that what must agree is what they come to, as far as chance allows. */
import type { Bar, DataSet, Job } from "../job.ts";

const script = new URL("../peers/arrays.py", import.meta.url);

/** Arrays of `rows` × `columns`; a smoke test has a twentieth of the rows. */
export function arrayJob(name: string, title: string, rows: number, columns: number, bars: readonly Bar[]): Job {
  return {
    name: `arrays-${name}`,
    title,
    rows,
    smokeRows: Math.max(1, Math.round(rows / 20)),
    data: (_, count) => Promise.resolve(made(name, count, columns)),
    abanico: new URL("arrays.abanico.ts", import.meta.url),
    peers: [
      { name: "dask", packages: ["dask", "numpy"], script },
      { name: "numpy", packages: ["numpy"], script },
    ],
    bars,
  };
}

/** Nothing lies on disk: what scripts get as their data is what to do. */
function made(name: string, rows: number, columns: number): DataSet {
  return {
    glob: `${name}:${rows}:${columns}`,
    files: [],
    rows,
    bytes: 8 * rows * columns,
    expected: { agrees: 1 },
  };
}

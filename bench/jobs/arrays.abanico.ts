/** A job on arrays, as a user writes it: arrays.abanico.ts NAME:ROWS:COLUMNS THREADS. */
import { loadAbanico, report } from "../measure.ts";

const { Client, compute, cov, random } = await loadAbanico();
const [what, threads] = process.argv.slice(2);
const [name, ...numbers] = what.split(":");
const [rows, columns] = numbers.map(Number);
const chunks = [1_000, 1_000];
const near = (value: number, wanted: number, within: number) => (Math.abs(value - wanted) <= within ? 1 : 0);

/** Each gives 1 where its answer is what chance lets it be. */
const jobs: Readonly<Record<string, () => Promise<number>>> = {
  cov: async () => {
    const c = await cov(random.normal([rows, columns], { chunks }).T).compute();
    return near(c.get(0, 0), 1, 0.5);
  },
  transposed: async () => {
    const x = random.uniform([rows, rows], { chunks });
    const means = await x.add(x.T).mean({ axis: 0 }).compute();
    return near(means.get(0), 1, 0.2);
  },
  moments: async () => {
    const x = random.normal([rows, columns], { chunks });
    const [mean, std] = await compute(x.mean(), x.std());
    return near(mean, 0, 0.1) * near(std, 1, 0.1);
  },
  elementwise: async () => {
    const [a, b, c] = [1, 2, 3].map((seed) => random.uniform([rows, columns], { chunks, seed }));
    const sum = await a.mul(b).add(c).sum().compute();
    return near(Number(sum) / (rows * columns), 0.75, 0.01);
  },
  matmul: async () => {
    const [a, b] = [1, 2].map((seed) => random.uniform([rows, rows], { chunks, seed }));
    const product = await a.matmul(b).compute();
    return near(Number(product.get(0, 0)) / rows, 0.25, 0.1);
  },
};

const open = () => Client.local({ workers: Number(threads), threadsPerWorker: 1 });
await report(open, async () => ({ agrees: await jobs[name]() }));

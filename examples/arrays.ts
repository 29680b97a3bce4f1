/** The arrays of the README and more: covariance, a matrix and its transpose, mean and deviation of more numbers than are held. */
import { Client, compute, cov, mean, random, std } from "../lib/index.ts";

await using client = await Client.local({ workers: 2, threadsPerWorker: 1, memoryLimit: "1GB" });

// Covariance of 1,000 columns of 10,000 normal numbers: one pass, chunk by chunk.
const x = random.normal([10_000, 1_000], { chunks: [1_000, 1_000], seed: 42 });
const c = await cov(x.T).compute();
console.log(c.shape, c.dtype, c.get(0, 0).toFixed(1), String(c.slice([0, 2], [0, 2])).split("\n").length);

// A matrix and its transpose: no task holds more than two chunks.
const u = random.uniform([2_000, 2_000], { chunks: [500, 500], seed: 1 });
const means = await u.add(u.T).mean({ axis: 0 }).compute();
console.log(means.shape, means.get(0).toFixed(1));

// 800 MB of numbers that are never there at once; both answers from one pass.
const large = random.normal([100_000, 1_000], { chunks: [1_000, 1_000], seed: 7 });
const [m, s] = await compute(large.mean(), large.std());
console.log(m.toFixed(2), s.toFixed(2));

// An array with the workers, and NumPy's functions of it as calls.
const held = await client.scatter(random.normal([1_000, 100], { seed: 3 }));
const [average, deviation] = await client.gather([client.submit(mean, held), client.submit(std, held)]);
console.log(average.toFixed(1), deviation.toFixed(1));

// Shapes that do not fit are refused at once, by name.
try {
  u.add(x);
} catch (error) {
  console.log(error instanceof Error ? error.message.split("\n")[0] : error);
}

/** The ten most frequent words of text, as a user writes it: words.abanico.ts GLOB THREADS. */
import { loadAbanico, report } from "../measure.ts";

const { Client, readText } = await loadAbanico();
const [glob, threads] = process.argv.slice(2);

const open = () => Client.local({ workers: Number(threads), threadsPerWorker: 1 });
await report(open, async () => {
  const counts = await readText(glob)
    .flatMap((line) => line.split(" "))
    .frequencies()
    .topK(10)
    .compute();
  return Object.fromEntries(counts);
});

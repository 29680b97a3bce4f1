/** Counts the words of the sales' files: a bag of lines, split by a function of ours, counted on the workers. */
import { Client, fromSequence, readText } from "../lib/index.ts";

await using client = await Client.local({ workers: 2, threadsPerWorker: 1 });
console.log(String(client));

const words = readText("sales_2023_*.csv").flatMap((line) => line.split(","));
const [most] = await words.frequencies().topK(1).compute();
console.log(most[0] !== "", most[1] > 1);

// What a function needs from around it is passed behind it.
const numbers = fromSequence([1, 2, 3, 4, 5, 6], { partitions: 3 });
console.log(
  await numbers
    .map((x, factor) => x * factor, 10)
    .sum()
    .compute(),
);

// Async functions too; and one bad item does not sink the rest.
const checked = numbers.onError("collect").map(async (x) => {
  if (x === 4) throw new RangeError("four is not allowed");
  return x * x;
});
const { values, failed } = await checked.results().compute();
console.log(
  values,
  failed.map(({ item, error }) => `${String(item)}: ${error.message}`),
);

/** Primes below 50,000: a call for each thousand numbers, on all workers, taken as they end. */
import { Client } from "../lib/index.ts";

await using client = await Client.local({ workers: 2 });

const primesIn = (from: number, size: number): number[] => {
  const primes: number[] = [];
  for (let n = Math.max(2, from); n < from + size; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) primes.push(n);
  }
  return primes;
};

const starts = Array.from({ length: 50 }, (_, i) => i * 1_000);
const futures = client.map(primesIn, starts, 1_000);

let found = 0;
for await (const future of client.asCompleted(futures)) found += (await future).length;
console.log(`${found} primes below 50,000`);

// Futures are arguments of further calls: the lists stay with the workers.
const largestGap = client.submit((lists: readonly number[][]) => {
  const primes = lists.flat();
  return Math.max(...primes.slice(1).map((prime, i) => prime - primes[i]));
}, futures);
console.log(`largest gap between two of them: ${await largestGap}`);

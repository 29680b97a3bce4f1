/** A small seeded generator (sfc32, Chris Doty-Humphrey, PractRand): data for the demo and the benchmarks must be the same everywhere. */
export interface Random {
  /** A double in [0, 1), with 53 random bits. */
  uniform(): number;
  /** An integer in [0, bound), for bounds below 2^20 or so: beyond them the bias would show. */
  below(bound: number): number;
}

export function makeRandom(seed: number): Random {
  let [a, b, c, counter] = [0, seed | 0, 0x9e3779b9 | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  // The first outputs still show the seed.
  for (let i = 0; i < 15; i++) next();
  return {
    uniform: () => ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992,
    below: (bound) => Math.floor((next() / 4_294_967_296) * bound),
  };
}

/**
 * HyperLogLog (Flajolet, Fusy, Gandouet & Meunier, 2007): each value's hash chooses one of 4,096 registers, which keeps the longest run of zeros
 * (plus one) that the rest of a hash began with. Merging takes the larger register, so any order of merges gives the same registers.
 */
const INDEX_BITS = 12;
export const REGISTERS = 2 ** INDEX_BITS;
/** Bits of a hash of 64 beside the register's. */
const REST_BITS = 64 - INDEX_BITS;

/** The standard error of an estimate, relative: 1.04 / √4096. */
export const STANDARD_ERROR = 1.04 / Math.sqrt(REGISTERS);

export function registerOf(high: number): number {
  return high >>> (32 - INDEX_BITS);
}

/** One more than how many zeros the rest of the hash begins with: 1 to 53. */
export function runOf(high: number, low: number): number {
  const rest = high << INDEX_BITS;
  return rest !== 0 ? Math.clz32(rest) + 1 : 32 - INDEX_BITS + Math.clz32(low) + 1;
}

/** How many different values there were: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6. */
export function cardinality(registers: Uint8Array): number {
  const m = registers.length;
  const counts = new Float64Array(REST_BITS + 2);
  for (let i = 0; i < m; i++) counts[registers[i]]++;
  let z = m * tau(1 - counts[REST_BITS + 1] / m);
  for (let k = REST_BITS; k >= 1; k--) z = 0.5 * (z + counts[k]);
  z += m * sigma(counts[0] / m);
  return m / (2 * Math.LN2 * (z / m));
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let sum = x;
  for (let [power, factor, before] = [x, 1, NaN]; sum !== before; factor *= 2) {
    power *= power;
    before = sum;
    sum += power * factor;
  }
  return sum;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let sum = 1 - x;
  for (let [root, factor, before] = [x, 1, NaN]; sum !== before;) {
    root = Math.sqrt(root);
    before = sum;
    factor *= 0.5;
    sum -= (1 - root) ** 2 * factor;
  }
  return sum / 3;
}

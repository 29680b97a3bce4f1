/** 5^q to 128 bits for q from −342 to 308, as {high, low} pairs, after Lemire, "Number Parsing at a Gigabyte per Second", section 9. */
export function powersOfFive(): BigUint64Array<ArrayBuffer> {
  const five = new BigUint64Array(2 * (342 + 308 + 1));
  const limit = 1n << 128n;
  const put = (q: number, value: bigint) => {
    five[2 * (q + 342)] = value >> 64n;
    five[2 * (q + 342) + 1] = value & 0xffff_ffff_ffff_ffffn;
  };
  let power = 1n;
  for (let q = 0; q <= 342; q++) {
    const bits = BigInt(power.toString(2).length);
    if (q <= 308) put(q, bits <= 128n ? power << (128n - bits) : power >> (bits - 128n));
    if (q > 0) {
      // The least z with 2^z ≥ power: its bit length, since powers of five are no powers of two.
      const shift = q <= 27 ? bits + 127n : 2n * bits + 128n;
      let inverse = (1n << shift) / power + 1n;
      while (inverse >= limit) inverse >>= 1n;
      put(-q, inverse);
    }
    power *= 5n;
  }
  return five;
}

/** 10^0 … 10^22, all exact. */
export function powersOfTen(): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
}

/** 10^0 … 10^19. */
export function wholePowersOfTen(): BigUint64Array<ArrayBuffer> {
  return BigUint64Array.from({ length: 20 }, (_, i) => 10n ** BigInt(i));
}

/** 10^0 … 10^−16, each as the nearest f64 and the nearest f64 to what that leaves. */
export function inversePowersOfTen(): Float64Array<ArrayBuffer> {
  const pairs = new Float64Array(2 * 17);
  for (let q = 0; q <= 16; q++) {
    const high = Number(`1e-${q}`);
    pairs[2 * q] = high;
    pairs[2 * q + 1] = remainder(q, high);
  }
  return pairs;
}

/** 10^−q − high, rounded once: high is a fraction whose denominator is a power of two. */
function remainder(q: number, high: number): number {
  const shift = 140n; // high · 2^140 is whole for all q up to 16
  const scaled = exactScaled(high, shift);
  const ten = 10n ** BigInt(q);
  // (2^140 − scaled · 10^q) / (10^q · 2^140), with 80 more bits than the quotient needs.
  const numerator = ((1n << shift) - scaled * ten) << 80n;
  return Number(numerator / ten) / 2 ** 80 / 2 ** 140;
}

/** value · 2^shift as a whole number. */
function exactScaled(value: number, shift: bigint): bigint {
  let bits = 0n;
  while (!Number.isInteger(value)) {
    value *= 2;
    bits++;
  }
  return BigInt(value) << (shift - bits);
}

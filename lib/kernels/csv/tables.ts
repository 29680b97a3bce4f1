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

/**
 * Numbers in twice the precision of f64: unevaluated sums of two (Hida, Li & Bailey, "Algorithms for Quad-Double Precision Floating Point
 * Arithmetic", 2001; products by Dekker, 1971). Where the high part is not finite the low one means nothing.
 */
export type Twice = readonly [high: number, low: number];

/** a + b, exactly. */
export function twoSum(a: number, b: number): Twice {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

/** a · b, exactly, unless it over- or underflows. */
export function twoProduct(a: number, b: number): Twice {
  const product = a * b;
  const [ah, bh] = [upperHalf(a), upperHalf(b)];
  const [al, bl] = [a - ah, b - bh];
  return [product, al * bl - (product - ah * bh - al * bh - ah * bl)];
}

/** The 26 upper bits. */
function upperHalf(value: number): number {
  const scaled = 134217729 * value; // 2^27 + 1
  return scaled - (scaled - value);
}

export function addTwice(a: Twice, b: Twice): Twice {
  const [high, low] = twoSum(a[0], b[0]);
  return Number.isFinite(high) ? twoSum(high, low + a[1] + b[1]) : [high, 0];
}

export function subtractTwice(a: Twice, [high, low]: Twice): Twice {
  return addTwice(a, [-high, -low]);
}

export function multiplyTwice(a: Twice, b: Twice): Twice {
  const [high, low] = twoProduct(a[0], b[0]);
  return Number.isFinite(high) ? twoSum(high, low + (a[0] * b[1] + a[1] * b[0])) : [high, 0];
}

export function divideTwice(a: Twice, n: number): Twice {
  const high = a[0] / n;
  if (!Number.isFinite(high)) return [high, 0];
  const rest = subtractTwice(a, twoProduct(high, n));
  return twoSum(high, (rest[0] + rest[1]) / n);
}

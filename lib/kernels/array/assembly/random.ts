// Random numbers: xoshiro256++ (Blackman and Vigna, 2019), its state four u64 in memory. Uniform doubles take turns between two generators, which run side by
// side in the lanes of a vector: one alone waits for itself. Each number is drawn whole, so that n1 and then n2 numbers are n1 + n2 at once. Nothing here depends on the machine: no relaxed SIMD, and logarithms of our own.

// @ts-ignore: decorator
@inline export function mix(z: u64): u64 {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
export const GOLDEN: u64 = 0x9e3779b97f4a7c15;

/** SplitMix64 from two starts that depend on seed and stream; of one seed, no two streams share either start. */
export function seedstream(state: usize, seedLow: u32, seedHigh: u32, streamLow: u32, streamHigh: u32): void {
  const seed = mix(((<u64>seedHigh << 32) | <u64>seedLow) + GOLDEN);
  const stream = (<u64>streamHigh << 32) | <u64>streamLow;
  const a = mix(stream + seed);
  const b = mix((stream ^ 0xd1b54a32d192ed03) + mix(seed + GOLDEN));
  store<u64>(state, mix(a + GOLDEN));
  store<u64>(state, mix(b + GOLDEN), 8);
  store<u64>(state, mix(a + 2 * GOLDEN), 16);
  store<u64>(state, mix(b + 2 * GOLDEN), 24);
  store<u64>(state, mix(a + 3 * GOLDEN), 32);
  store<u64>(state, mix(b + 3 * GOLDEN), 40);
  store<u64>(state, mix(a + 4 * GOLDEN), 48);
  store<u64>(state, mix(b + 4 * GOLDEN), 56);
}

let s0: u64 = 0;
let s1: u64 = 0;
let s2: u64 = 0;
let s3: u64 = 0;

function enter(state: usize): void {
  s0 = load<u64>(state);
  s1 = load<u64>(state, 8);
  s2 = load<u64>(state, 16);
  s3 = load<u64>(state, 24);
}
function leave(state: usize): void {
  store<u64>(state, s0);
  store<u64>(state, s1, 8);
  store<u64>(state, s2, 16);
  store<u64>(state, s3, 24);
}
function next(): u64 {
  const result = rotl<u64>(s0 + s3, 23) + s0;
  const t = s1 << 17;
  s2 ^= s0;
  s3 ^= s1;
  s1 ^= s2;
  s0 ^= s3;
  s2 ^= t;
  s3 = rotl<u64>(s3, 45);
  return result;
}

const UNIT: f64 = 1.0 / 9007199254740992.0;
function unit(): f64 {
  return <f64><i64>(next() >> 11) * UNIT;
}

// The loops keep the generator in locals: globals are memory.

export function bits(state: usize, out: usize, n: usize): void {
  let a = load<u64>(state), b = load<u64>(state, 8), c = load<u64>(state, 16), d = load<u64>(state, 24);
  for (const end = out + (n << 3); out < end; out += 8) {
    store<u64>(out, rotl<u64>(a + d, 23) + a);
    const t = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl<u64>(d, 45);
  }
  store<u64>(state, a);
  store<u64>(state, b, 8);
  store<u64>(state, c, 16);
  store<u64>(state, d, 24);
}

// @ts-ignore: decorator
@inline function both(state: usize, at: usize): v128 {
  return v128.load64_lane(state + at + 32, v128.load64_zero(state + at), 1);
}
// @ts-ignore: decorator
@inline function keepBoth(state: usize, at: usize, lanes: v128): void {
  v128.store64_lane(state + at, lanes, 0);
  v128.store64_lane(state + at + 32, lanes, 1);
}
// @ts-ignore: decorator
@inline function turn(x: v128, bits: i32): v128 {
  return v128.or(i64x2.shl(x, bits), i64x2.shr_u(x, 64 - bits));
}

/** [0, 1), 52 bits: the mantissa of a number in [1, 2). After an odd count the generators change places, so that the other one is next. */
export function uniformPairs(state: usize, out: usize, n: usize): void {
  const one = i64x2.splat(0x3ff0000000000000);
  let a = both(state, 0), b = both(state, 8), c = both(state, 16), d = both(state, 24);
  for (const end = out + ((n & ~1) << 3); out < end; out += 16) {
    const r = i64x2.add(turn(i64x2.add(a, d), 23), a);
    v128.store(out, f64x2.sub(v128.or(i64x2.shr_u(r, 12), one), f64x2.splat(1)));
    const t = i64x2.shl(b, 17);
    c = v128.xor(c, a);
    d = v128.xor(d, b);
    b = v128.xor(b, c);
    a = v128.xor(a, d);
    c = v128.xor(c, t);
    d = turn(d, 45);
  }
  keepBoth(state, 0, a);
  keepBoth(state, 8, b);
  keepBoth(state, 16, c);
  keepBoth(state, 24, d);
  if (!(n & 1)) return;
  enter(state);
  store<f64>(out, reinterpret<f64>((next() >> 12) | 0x3ff0000000000000) - 1);
  for (let at: usize = 0; at < 32; at += 8) store<u64>(state + at, load<u64>(state + at + 32));
  leave(state + 32);
}

/** [0, 1): 52 bits for f64, 24 for f32. */
// @ts-ignore: decorator
@inline export function uniform<T>(state: usize, out: usize, n: usize): void {
  if (sizeof<T>() == 8) {
    uniformPairs(state, out, n);
    return;
  }
  let a = load<u64>(state), b = load<u64>(state, 8), c = load<u64>(state, 16), d = load<u64>(state, 24);
  for (const end = out + n * sizeof<T>(); out < end; out += sizeof<T>()) {
    const r = rotl<u64>(a + d, 23) + a;
    store<f32>(out, <f32><i32>(r >> 40) * <f32>(1.0 / 16777216.0));
    const t = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl<u64>(d, 45);
  }
  store<u64>(state, a);
  store<u64>(state, b, 8);
  store<u64>(state, c, 16);
  store<u64>(state, d, 24);
}

// The ziggurat of Marsaglia and Tsang (2000), 256 layers, for normal and exponential numbers. Layer i: the integers below `inside` are under the curve,
// `width` makes one the abscissa, `height` is the curve's at the layer's edge.
const NORMAL = memory.data(3 * 2048, 16);
const EXPONENTIAL = memory.data(3 * 2048, 16);
const WIDTH = 2048;
const HEIGHT = 4096;
const NORMAL_EDGE: f64 = 3.6541528853610088;
const NORMAL_AREA: f64 = 0.00492867323399;
const EXPONENTIAL_EDGE: f64 = 7.69711747013104972;
const EXPONENTIAL_AREA: f64 = 0.0039496598225815571993;

// @ts-ignore: decorator
@inline function layer(table: usize, i: i32, inside: f64, width: f64, height: f64): void {
  const at = table + (<usize>i << 3);
  store<u64>(at, <u64>inside);
  store<f64>(at, width, WIDTH);
  store<f64>(at, height, HEIGHT);
}

function normalHeight(x: f64): f64 {
  return NativeMath.exp(-0.5 * x * x);
}
function makeNormal(): void {
  const most: f64 = 4503599627370496.0;
  let edge = NORMAL_EDGE;
  let outer = edge;
  const base = NORMAL_AREA / normalHeight(edge);
  layer(NORMAL, 0, (edge / base) * most, base / most, 1);
  let inside: f64 = 0;
  layer(NORMAL, 255, 0, edge / most, normalHeight(edge));
  for (let i = 254; i >= 1; i--) {
    edge = NativeMath.sqrt(-2 * NativeMath.log(NORMAL_AREA / edge + normalHeight(edge)));
    inside = (edge / outer) * most;
    store<u64>(NORMAL + (<usize>(i + 1) << 3), <u64>inside);
    outer = edge;
    layer(NORMAL, i, 0, edge / most, normalHeight(edge));
  }
}
function makeExponential(): void {
  const most: f64 = 9007199254740992.0;
  let edge = EXPONENTIAL_EDGE;
  let outer = edge;
  const base = EXPONENTIAL_AREA / NativeMath.exp(-edge);
  layer(EXPONENTIAL, 0, (edge / base) * most, base / most, 1);
  layer(EXPONENTIAL, 255, 0, edge / most, NativeMath.exp(-edge));
  for (let i = 254; i >= 1; i--) {
    edge = -NativeMath.log(EXPONENTIAL_AREA / edge + NativeMath.exp(-edge));
    store<u64>(EXPONENTIAL + (<usize>(i + 1) << 3), <u64>((edge / outer) * most));
    outer = edge;
    layer(EXPONENTIAL, i, 0, edge / most, NativeMath.exp(-edge));
  }
}
let made = false;
function makeTables(): void {
  if (made) return;
  makeNormal();
  makeExponential();
  made = true;
}

/** What the layer's rectangle did not decide: the tail, or the curve itself. NaN: to be drawn anew. */
function normalEdge(index: usize, x: f64): f64 {
  if (index == 0) {
    while (true) {
      const tail = (-1 / NORMAL_EDGE) * NativeMath.log1p(-unit());
      const y = -NativeMath.log1p(-unit());
      if (y + y > tail * tail) return f64.copysign(NORMAL_EDGE + tail, x);
    }
  }
  const at = NORMAL + HEIGHT + (index << 3);
  return (load<f64>(at - 8) - load<f64>(at)) * unit() + load<f64>(at) < normalHeight(x) ? x : NaN;
}
function exponentialEdge(index: usize, x: f64): f64 {
  if (index == 0) return EXPONENTIAL_EDGE - NativeMath.log1p(-unit());
  const at = EXPONENTIAL + HEIGHT + (index << 3);
  return (load<f64>(at - 8) - load<f64>(at)) * unit() + load<f64>(at) < NativeMath.exp(-x) ? x : NaN;
}

// @ts-ignore: decorator
@inline export function normal<T>(state: usize, out: usize, n: usize): void {
  makeTables();
  let a = load<u64>(state), b = load<u64>(state, 8), c = load<u64>(state, 16), d = load<u64>(state, 24);
  const end = out + n * sizeof<T>();
  while (out < end) {
    const r = rotl<u64>(a + d, 23) + a;
    const t = b << 17;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl<u64>(d, 45);
    const index = <usize>(r & 255);
    const whole = (r >> 9) & 0x000fffffffffffff;
    const at = NORMAL + (index << 3);
    let x = reinterpret<f64>(reinterpret<u64>(<f64><i64>whole * load<f64>(at, WIDTH)) | ((r << 55) & 0x8000000000000000));
    if (whole >= load<u64>(at)) {
      s0 = a;
      s1 = b;
      s2 = c;
      s3 = d;
      x = normalEdge(index, x);
      a = s0;
      b = s1;
      c = s2;
      d = s3;
      if (x != x) continue;
    }
    store<T>(out, <T>x);
    out += sizeof<T>();
  }
  store<u64>(state, a);
  store<u64>(state, b, 8);
  store<u64>(state, c, 16);
  store<u64>(state, d, 24);
}

// @ts-ignore: decorator
@inline export function exponential<T>(state: usize, out: usize, n: usize): void {
  makeTables();
  enter(state);
  const end = out + n * sizeof<T>();
  while (out < end) {
    const r = next() >> 3;
    const index = <usize>(r & 255);
    const whole = r >> 8;
    const at = EXPONENTIAL + (index << 3);
    let x = <f64><i64>whole * load<f64>(at, WIDTH);
    if (whole >= load<u64>(at)) {
      x = exponentialEdge(index, x);
      if (x != x) continue;
    }
    store<T>(out, <T>x);
    out += sizeof<T>();
  }
  leave(state);
}

let low64: u64 = 0;
/** The high half of a product of 128 bits; the low one in `low64`. */
// @ts-ignore: decorator
@inline export function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  low64 = a * b;
  return aHigh * bHigh + (middle >> 32) + (other >> 32);
}

/** Whole numbers from `low`, `range` of them (0: 2^64), unbiased: Lemire, Fast random integer generation in an interval (2019). */
export function integers(state: usize, low: i64, range: u64, out: usize, n: usize): void {
  enter(state);
  const end = out + (n << 3);
  if (range == 0) for (; out < end; out += 8) store<u64>(out, <u64>low + next());
  else if (range <= 0xffffffff) {
    const few: u64 = (<u64>0x100000000 - range) % range;
    for (; out < end; out += 8) {
      let product = (next() >> 32) * range;
      while ((product & 0xffffffff) < few) product = (next() >> 32) * range;
      store<u64>(out, <u64>low + (product >> 32));
    }
  } else {
    const few: u64 = (<u64>0 - range) % range;
    for (; out < end; out += 8) {
      let high = highProduct(next(), range);
      while (low64 < few) high = highProduct(next(), range);
      store<u64>(out, <u64>low + high);
    }
  }
  leave(state);
}

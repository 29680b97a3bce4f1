// Sums, products and counts over the rows of [outer][rows][cols], added to states of [outer][cols]. A: the states' type. N: what becomes of NaN.

// @ts-ignore: decorator
@inline function term<T, A, N>(at: usize): A {
  const x = load<T>(at);
  if (isBoolean<N>()) return x == x ? <A>x : <A>0;
  else return <A>x;
}
/** Two terms as f64x2. */
// @ts-ignore: decorator
@inline function terms<T, N>(at: usize): v128 {
  const x = sizeof<T>() == 8 ? v128.load(at) : f64x2.promote_low_f32x4(v128.load64_zero(at));
  if (isBoolean<N>()) return v128.and(x, f64x2.eq(x, x));
  else return x;
}

/** Terms that one leaf of the pairwise sum adds in eight lanes: 32 roundings in a row there, one for each doubling above. */
const LEAF: usize = 256;

function pairwise<T, N>(x: usize, n: usize): f64 {
  if (n > LEAF) {
    const half = (n / 2 + 7) & ~7;
    return pairwise<T, N>(x, half) + pairwise<T, N>(x + half * sizeof<T>(), n - half);
  }
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  for (; n >= 8; n -= 8, x += 8 * sizeof<T>()) {
    s0 = f64x2.add(s0, terms<T, N>(x));
    s1 = f64x2.add(s1, terms<T, N>(x + 2 * sizeof<T>()));
    s2 = f64x2.add(s2, terms<T, N>(x + 4 * sizeof<T>()));
    s3 = f64x2.add(s3, terms<T, N>(x + 6 * sizeof<T>()));
  }
  const all = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let total = f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
  for (; n != 0; n--, x += sizeof<T>()) total += term<T, f64, N>(x);
  return total;
}

/** The sum of n elements that lie side by side. */
export function total<T, A, N>(x: usize, n: usize): A {
  if (isFloat<T>()) return <A>pairwise<T, N>(x, n);
  else {
    let sum: A = 0;
    const end = x + n * sizeof<T>();
    for (; x < end; x += sizeof<T>()) sum += <A>load<T>(x);
    return sum;
  }
}

/** Adds `count` (4 or 1) rows to the states, in one passage over them. */
// @ts-ignore: decorator
@inline function addRows<T, A, N>(x: usize, count: usize, cols: usize, sums: usize): void {
  const row = cols * sizeof<T>();
  const end = sums + cols * sizeof<A>();
  if (isFloat<T>()) {
    for (; end - sums >= 16; sums += 16, x += 2 * sizeof<T>()) {
      let part = terms<T, N>(x);
      if (count == 4) {
        part = f64x2.add(
          f64x2.add(part, terms<T, N>(x + row)),
          f64x2.add(terms<T, N>(x + 2 * row), terms<T, N>(x + 3 * row)),
        );
      }
      v128.store(sums, f64x2.add(v128.load(sums), part));
    }
  }
  for (; sums < end; sums += sizeof<A>(), x += sizeof<T>()) {
    let part = term<T, A, N>(x);
    if (count == 4)
      part = part + term<T, A, N>(x + row) + (term<T, A, N>(x + 2 * row) + term<T, A, N>(x + 3 * row));
    store<A>(sums, load<A>(sums) + part);
  }
}

// @ts-ignore: decorator
@inline export function sum<T, A, N>(x: usize, outer: usize, rows: usize, cols: usize, sums: usize): void {
  const row = cols * sizeof<T>();
  for (; outer != 0; outer--, sums += cols * sizeof<A>()) {
    if (cols == 1) {
      store<A>(sums, load<A>(sums) + total<T, A, N>(x, rows));
      x += rows * sizeof<T>();
      continue;
    }
    let left = rows;
    for (; left >= 4; left -= 4, x += 4 * row) addRows<T, A, N>(x, 4, cols, sums);
    for (; left != 0; left--, x += row) addRows<T, A, N>(x, 1, cols, sums);
  }
}

// @ts-ignore: decorator
@inline export function prod<T, A, N>(x: usize, outer: usize, rows: usize, cols: usize, products: usize): void {
  for (; outer != 0; outer--, products += cols * sizeof<A>()) {
    if (cols == 1) {
      // States of one column stay in a register, here and below: in memory each term would wait for the store of the one before.
      let product = load<A>(products);
      for (let left = rows; left != 0; left--, x += sizeof<T>()) {
        const value = load<T>(x);
        if (!isBoolean<N>() || value == value) product *= <A>value;
      }
      store<A>(products, product);
      continue;
    }
    for (let left = rows; left != 0; left--)
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>()) {
        const value = load<T>(x);
        const at = products + c * sizeof<A>();
        if (!isBoolean<N>() || value == value) store<A>(at, load<A>(at) * <A>value);
      }
  }
}

/** Counts what is not zero; with `Skip`, what is not NaN. */
// @ts-ignore: decorator
@inline export function count<T, N>(x: usize, outer: usize, rows: usize, cols: usize, counts: usize): void {
  for (; outer != 0; outer--, counts += cols * 8) {
    if (cols == 1) {
      let sum: i64 = 0;
      for (let left = rows; left != 0; left--, x += sizeof<T>()) {
        const value = load<T>(x);
        sum += <i64>(isBoolean<N>() ? value == value : value != 0);
      }
      store<i64>(counts, load<i64>(counts) + sum);
      continue;
    }
    for (let left = rows; left != 0; left--)
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>()) {
        const value = load<T>(x);
        const at = counts + (c << 3);
        store<i64>(at, load<i64>(at) + <i64>(isBoolean<N>() ? value == value : value != 0));
      }
  }
}

/** With `Most` whether any is not zero, with `Least` whether all are: states of b1. */
// @ts-ignore: decorator
@inline export function truths<T, M>(x: usize, outer: usize, rows: usize, cols: usize, states: usize): void {
  for (; outer != 0; outer--, states += cols) {
    if (cols == 1) {
      const end = x + rows * sizeof<T>();
      let at = x;
      const undecided: u8 = isSigned<M>() ? 0 : 1;
      if (load<u8>(states) == undecided) {
        while (at < end && <u8>(load<T>(at) != 0) == undecided) at += sizeof<T>();
        if (at < end) store<u8>(states, 1 - undecided);
      }
      x = end;
      continue;
    }
    for (let left = rows; left != 0; left--)
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>()) {
        const value = <u8>(load<T>(x) != 0);
        const at = states + c;
        store<u8>(at, isSigned<M>() ? load<u8>(at) | value : load<u8>(at) & value);
      }
  }
}

// @ts-ignore: decorator
@inline export function cumsum<T, A>(x: usize, outer: usize, rows: usize, cols: usize, carry: usize, out: usize): void {
  for (; outer != 0; outer--, carry += cols * sizeof<A>()) {
    if (cols == 1) {
      let running = load<A>(carry);
      for (let left = rows; left != 0; left--, x += sizeof<T>(), out += sizeof<A>()) {
        running += <A>load<T>(x);
        store<A>(out, running);
      }
      store<A>(carry, running);
      continue;
    }
    let before = carry;
    for (let left = rows; left != 0; left--) {
      const row = out;
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>(), out += sizeof<A>(), before += sizeof<A>())
        store<A>(out, load<A>(before) + <A>load<T>(x));
      before = row;
    }
    if (rows) memory.copy(carry, before, cols * sizeof<A>());
  }
}

// @ts-ignore: decorator
@inline export function cumprod<T, A>(x: usize, outer: usize, rows: usize, cols: usize, carry: usize, out: usize): void {
  for (; outer != 0; outer--, carry += cols * sizeof<A>()) {
    if (cols == 1) {
      let running = load<A>(carry);
      for (let left = rows; left != 0; left--, x += sizeof<T>(), out += sizeof<A>()) {
        running *= <A>load<T>(x);
        store<A>(out, running);
      }
      store<A>(carry, running);
      continue;
    }
    let before = carry;
    for (let left = rows; left != 0; left--) {
      const row = out;
      for (let c: usize = 0; c < cols; c++, x += sizeof<T>(), out += sizeof<A>(), before += sizeof<A>())
        store<A>(out, load<A>(before) * <A>load<T>(x));
      before = row;
    }
    if (rows) memory.copy(carry, before, cols * sizeof<A>());
  }
}

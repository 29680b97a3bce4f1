// Loops over the vectors of a block: arithmetic, and the states of groups. The same operations in the same order as those of
// ../../frame/numeric.ts and aggregators.ts, so the same bits; what they save is the engine's warming up, and half of the time afterwards.
// `valid`: one byte a row, or 0 where no row is null. Groups are i32.

export function addVectors(a: usize, b: usize, out: usize, count: usize): void {
  const end = out + (count << 3);
  for (; out + 16 <= end; out += 16, a += 16, b += 16) v128.store(out, f64x2.add(v128.load(a), v128.load(b)));
  if (out < end) store<f64>(out, load<f64>(a) + load<f64>(b));
}

export function subVectors(a: usize, b: usize, out: usize, count: usize): void {
  const end = out + (count << 3);
  for (; out + 16 <= end; out += 16, a += 16, b += 16) v128.store(out, f64x2.sub(v128.load(a), v128.load(b)));
  if (out < end) store<f64>(out, load<f64>(a) - load<f64>(b));
}

export function mulVectors(a: usize, b: usize, out: usize, count: usize): void {
  const end = out + (count << 3);
  for (; out + 16 <= end; out += 16, a += 16, b += 16) v128.store(out, f64x2.mul(v128.load(a), v128.load(b)));
  if (out < end) store<f64>(out, load<f64>(a) * load<f64>(b));
}

export function divVectors(a: usize, b: usize, out: usize, count: usize): void {
  const end = out + (count << 3);
  for (; out + 16 <= end; out += 16, a += 16, b += 16) v128.store(out, f64x2.div(v128.load(a), v128.load(b)));
  if (out < end) store<f64>(out, load<f64>(a) / load<f64>(b));
}

/** Adds each value to its group's pair {high, low} by two-sum; nulls and NaN are skipped. */
export function sumGroups(groups: usize, values: usize, valid: usize, count: usize, pairs: usize): void {
  const end = groups + (count << 2);
  for (; groups < end; groups += 4, values += 8) {
    const value = load<f64>(values);
    let skip = u32(value != value);
    if (valid) skip |= u32(load<u8>(valid++) == 0);
    if (skip) continue;
    const pair = pairs + (<usize>load<u32>(groups) << 4);
    const old = load<f64>(pair);
    const sum = old + value;
    const part = sum - old;
    store<f64>(pair, load<f64>(pair, 8) + (old - (sum - part) + (value - part)), 8);
    store<f64>(pair, sum);
  }
}

/** Counts each group's values (or rows, where `values` is 0) that are neither null nor NaN. */
export function countGroups(groups: usize, values: usize, valid: usize, count: usize, counts: usize): void {
  const end = groups + (count << 2);
  for (; groups < end; groups += 4) {
    let takes: u32 = 1;
    if (values) {
      const value = load<f64>(values);
      takes = u32(value == value);
      values += 8;
    }
    if (valid) takes &= <u32>load<u8>(valid++);
    const at = counts + (<usize>load<u32>(groups) << 3);
    store<f64>(at, load<f64>(at) + <f64>takes);
  }
}

/** Keeps each group's largest value, with `most`, or its smallest; a group's NaN means that there was none yet. */
export function extremeGroups(groups: usize, values: usize, valid: usize, count: usize, best: usize, most: bool): void {
  const end = groups + (count << 2);
  for (; groups < end; groups += 4, values += 8) {
    const value = load<f64>(values);
    let skip = u32(value != value);
    if (valid) skip |= u32(load<u8>(valid++) == 0);
    if (skip) continue;
    const at = best + (<usize>load<u32>(groups) << 3);
    const old = load<f64>(at);
    if (old != old || (most ? value > old : value < old)) store<f64>(at, value);
  }
}

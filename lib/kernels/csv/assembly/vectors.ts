// Arithmetic over the vectors of a block. The same operations as those of ../../frame/numeric.ts, so the same bits; what they save is the
// engine's warming up, and half of the time afterwards.

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

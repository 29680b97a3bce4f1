/** Fewer values than this are sorted. */
const FEW_VALUES = 16;

/**
 * Puts the value at `k` that stands there once [start, end) is sorted, what is less or equal before it, and what is greater or equal behind: Hoare's
 * "Algorithm 65: find" (1961) with the median of three, given up for sorting where that does not come closer. None is NaN.
 */
export function selectValue(values: Float64Array, start: number, end: number, k: number): void {
  let [low, high] = [start, end - 1];
  let rounds = 2 * (32 - Math.clz32(end - start));
  while (high - low >= FEW_VALUES) {
    if (rounds-- === 0) {
      values.subarray(low, high + 1).sort();
      return;
    }
    const pivot = medianOf(values[low], values[(low + high) >>> 1], values[high]);
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const value = values[i];
      values[i++] = values[j];
      values[j--] = value;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else return;
  }
  insertValues(values, low, high);
}

/** The least of [start, end), of which there is one at least. */
export function leastOf(values: Float64Array, start: number, end: number): number {
  let least = values[start];
  for (let i = start + 1; i < end; i++) if (values[i] < least) least = values[i];
  return least;
}

function medianOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function insertValues(values: Float64Array, low: number, high: number): void {
  for (let i = low + 1; i <= high; i++) {
    const value = values[i];
    let at = i;
    while (at > low && values[at - 1] > value) {
      values[at] = values[at - 1];
      at--;
    }
    values[at] = value;
  }
}

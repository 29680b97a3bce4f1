/** Stable order of rows by words: a radix sort by the first, then rows that agree in it by the next. Keys move with their rows, so that passes read in one stretch. */

/** Fewer rows than this are compared with each other. */
const FEW_ROWS = 24;

/** Puts `rows` (in ascending order) into the order of their words, of which the first decides first. */
export function orderByWords(rows: Int32Array, words: readonly Uint32Array[]): void {
  if (words.length > 0) orderSpan({ rows, words, spare: new Int32Array(0), keys: [] }, 0, rows.length, 0);
}

interface Sorting {
  readonly rows: Int32Array;
  readonly words: readonly Uint32Array[];
  /** Used again by each span: as long as the longest. */
  spare: Int32Array;
  keys: Uint32Array[];
}

function orderSpan(sorting: Sorting, from: number, to: number, depth: number): void {
  const { rows, words } = sorting;
  if (to - from <= FEW_ROWS) {
    insertRows(rows, words, from, to, depth);
    return;
  }
  const span = rows.subarray(from, to);
  radixByWord(sorting, span, words[depth]);
  if (depth + 1 < words.length) orderTies(sorting, from, to, depth);
}

/** What agrees in the word at `depth` goes by the next. */
function orderTies(sorting: Sorting, from: number, to: number, depth: number): void {
  const { rows, words } = sorting;
  const word = words[depth];
  for (let start = from; start < to;) {
    const key = word[rows[start]];
    let end = start + 1;
    while (end < to && word[rows[end]] === key) end++;
    if (end - start > 1) orderSpan(sorting, start, end, depth + 1);
    start = end;
  }
}

function insertRows(rows: Int32Array, words: readonly Uint32Array[], from: number, to: number, depth: number): void {
  for (let i = from + 1; i < to; i++) {
    const row = rows[i];
    let at = i;
    while (at > from && isBefore(words, row, rows[at - 1], depth)) {
      rows[at] = rows[at - 1];
      at--;
    }
    rows[at] = row;
  }
}

function isBefore(words: readonly Uint32Array[], a: number, b: number, depth: number): boolean {
  for (let k = depth; k < words.length; k++) {
    const [x, y] = [words[k][a], words[k][b]];
    if (x !== y) return x < y;
  }
  return false;
}

/** One stable sort, in as few passes as the bits need in which rows differ. */
function radixByWord(sorting: Sorting, rows: Int32Array, word: Uint32Array): void {
  const n = rows.length;
  if (sorting.spare.length < n) {
    sorting.spare = new Int32Array(n);
    sorting.keys = [new Uint32Array(n), new Uint32Array(n)];
  }
  let [keys, toKeys] = sorting.keys;
  let [and, or] = [0xffffffff, 0];
  for (let i = 0; i < n; i++) {
    const key = word[rows[i]];
    keys[i] = key;
    and &= key;
    or |= key;
  }
  const varying = (and ^ or) >>> 0;
  if (varying === 0) return;
  const lowest = 31 - Math.clz32(varying & -varying);
  const width = 32 - Math.clz32(varying) - lowest;
  const passes = Math.ceil(width / (n < 4_096 ? 8 : 11));
  const bits = Math.ceil(width / passes);
  let from: Int32Array = rows;
  let to: Int32Array = sorting.spare;
  for (let pass = 0; pass < passes; pass++) {
    scatter(keys, from, toKeys, to, n, lowest + pass * bits, bits);
    [keys, toKeys] = [toKeys, keys];
    [from, to] = [to, from];
  }
  if (from !== rows) rows.set(from.subarray(0, n));
}

function scatter(
  keys: Uint32Array,
  rows: Int32Array,
  toKeys: Uint32Array,
  toRows: Int32Array,
  n: number,
  shift: number,
  bits: number,
): void {
  const mask = 2 ** bits - 1;
  const places = new Int32Array(2 ** bits);
  for (let i = 0; i < n; i++) places[(keys[i] >>> shift) & mask]++;
  let at = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = places[digit];
    places[digit] = at;
    at += count;
  }
  for (let i = 0; i < n; i++) {
    const place = places[(keys[i] >>> shift) & mask]++;
    toKeys[place] = keys[i];
    toRows[place] = rows[i];
  }
}

// Numbers of keys by tables of i32: one look a row. They answer how many rows have none (0), for the caller to see to.

/** Of codes below `size`; what stands at 0 is null's. */
export function lookUpCodes(codes: usize, count: usize, table: usize, size: u32, out: usize): u32 {
  let without: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const code = load<u32>(codes + (i << 2));
    const number = code < size ? load<u32>(table + (<usize>code << 2)) : 0;
    store<u32>(out + (i << 2), number);
    without += u32(number == 0);
  }
  return without;
}

/** Of values that are whole and in [0, size). Also −0, whose place is that of 0. */
export function lookUpValues(values: usize, count: usize, table: usize, size: u32, out: usize): u32 {
  let without: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const value = load<f64>(values + (i << 3));
    const place = <u32><i32>value; // saturates
    const isPlace = u32(place < size) & u32(<f64>place == value);
    const number = load<u32>(table + ((<usize>place & -(<usize>isPlace)) << 2)) & -isPlace;
    store<u32>(out + (i << 2), number);
    without += u32(number == 0);
  }
  return without;
}

/** Of pairs with left < lefts and right < 2^bits. */
export function lookUpPairs(left: usize, right: usize, count: usize, table: usize, bits: u32, lefts: u32, out: usize): u32 {
  let without: u32 = 0;
  for (let i: usize = 0; i < count; i++) {
    const a = load<u32>(left + (i << 2));
    const b = load<u32>(right + (i << 2));
    const isPlace = u32(a < lefts) & u32(b >> bits == 0);
    const number = load<u32>(table + ((<usize>((a << bits) | b) & -(<usize>isPlace)) << 2)) & -isPlace;
    store<u32>(out + (i << 2), number);
    without += u32(number == 0);
  }
  return without;
}

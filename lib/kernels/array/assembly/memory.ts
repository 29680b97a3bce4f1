// Blocks of memory: few and large, so they are found by first fit in a list of free ones by address, and merge with their free neighbours. A block of a size
// that came before fits exactly where such a one went. 16 bytes before each block: its size with this header, and where free, the next free block.

const HEADER: usize = 16;
/** The last page is never used, so that the end of a block never wraps. */
const LAST_PAGE: i32 = 65535;

let first: usize = 0;
let end: usize = 0;

// @ts-ignore: decorator
@inline function sizeOf(block: usize): usize {
  return load<usize>(block);
}
// @ts-ignore: decorator
@inline function nextOf(block: usize): usize {
  return load<usize>(block, 4);
}

function put(block: usize, size: usize, next: usize): void {
  store<usize>(block, size);
  store<usize>(block, next, 4);
}

/** An address, a multiple of 16, of `bytes` that are whatever they were; 0 where there is no room. */
export function allocate(bytes: usize): usize {
  if (bytes > 0xfffe0000) return 0;
  const size = (max<usize>(bytes, 16) + HEADER + 15) & ~15;
  let before: usize = 0;
  for (let block = first; block != 0; before = block, block = nextOf(block)) {
    if (sizeOf(block) < size) continue;
    let next = nextOf(block);
    if (sizeOf(block) - size >= 64) {
      put(block + size, sizeOf(block) - size, next);
      next = block + size;
      store<usize>(block, size);
    }
    if (before) store<usize>(before, next, 4);
    else first = next;
    return block + HEADER;
  }
  return grow(size) ? allocate(bytes) : 0;
}

/** Makes the memory end with `size` free bytes. */
function grow(size: usize): bool {
  if (end == 0) end = (__heap_base + 15) & ~15;
  let last = first;
  while (last && nextOf(last)) last = nextOf(last);
  const from = last && last + sizeOf(last) == end ? last : end;
  const wanted = <u64>from + <u64>size;
  const pages = <i32>((wanted + 0xffff) >> 16);
  if (wanted > <u64>LAST_PAGE << 16) return false;
  if (pages > memory.size() && memory.grow(pages - memory.size()) < 0) return false;
  const room = (<usize>min<i32>(memory.size(), LAST_PAGE) << 16) - end;
  put(end, room, 0);
  end += room;
  release(end - room + HEADER);
  return true;
}

/** Gives back what `allocate` gave. */
export function release(address: usize): void {
  const block = address - HEADER;
  let before: usize = 0;
  let after = first;
  while (after && after < block) {
    before = after;
    after = nextOf(after);
  }
  if (after && block + sizeOf(block) == after) put(block, sizeOf(block) + sizeOf(after), nextOf(after));
  else put(block, sizeOf(block), after);
  if (before == 0) first = block;
  else if (before + sizeOf(before) == block) put(before, sizeOf(before) + sizeOf(block), nextOf(block));
  else store<usize>(before, block, 4);
}

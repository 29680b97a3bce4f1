// Strings that lie end to end, as another dictionary has packed them.
import { INVALID, codeOf } from "./dictionary";
import { BATCH, knownStrings } from "./known-strings";

/** Codes (u32) of `count` strings, new ones where they have none yet. `ends`: the addresses of their ends, behind that of the first one's start. */
export function codesOfTexts(d: usize, ends: usize, count: usize, out: usize): bool {
  const stop = out + (count << 2);
  while (out < stop) {
    const to = min(out + (BATCH << 2), stop);
    knownStrings(ends, 4, out, to, d, 0, 256, 0);
    for (; out < to; out += 4, ends += 4) {
      const known = load<u32>(out);
      const start = <usize>load<u32>(ends - 4);
      const code = known ? known - 1 : codeOf(d, start, <usize>load<u32>(ends) - start);
      if (code == INVALID) return false;
      store<u32>(out, code);
    }
  }
  return true;
}

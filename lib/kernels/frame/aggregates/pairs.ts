import type { WordPairs } from "../groups/word-pairs.ts";

/** The numbers of pairs, group by group (their first words, from 1 on), each group's in order of first sight; where each group ends. */
export function pairsByGroup(
  { first, count: pairCount }: WordPairs,
  groups: number,
): { pairs: Int32Array; ends: Int32Array } {
  const ends = new Int32Array(groups);
  for (let pair = 1; pair <= pairCount; pair++) ends[first[pair] - 1]++;
  for (let g = 1; g < groups; g++) ends[g] += ends[g - 1];
  const next = Int32Array.from(ends, (_, g) => (g === 0 ? 0 : ends[g - 1]));
  const pairs = new Int32Array(pairCount);
  for (let pair = 1; pair <= pairCount; pair++) pairs[next[first[pair] - 1]++] = pair;
  return { pairs, ends };
}

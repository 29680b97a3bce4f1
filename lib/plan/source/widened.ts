import { widerOf, type ScalarType } from "../../collections/schema.ts";

/** Types that earlier attempts at a run found to be wider than the sample showed: by the file that holds the value, and the column. */
export type Widened = ReadonlyMap<string, ReadonlyMap<string, ScalarType>>;

/** What was found in any of a source's files: a column of one source says nothing about a like-named one of another. */
export function widenedIn(
  widened: Widened | undefined,
  files: readonly { readonly url: string }[],
): ReadonlyMap<string, ScalarType> {
  const found = new Map<string, ScalarType>();
  for (const { url } of files)
    for (const [name, type] of widened?.get(url) ?? []) {
      const known = found.get(name);
      found.set(name, known === undefined ? type : (widerOf(known, type, true) ?? type));
    }
  return found;
}

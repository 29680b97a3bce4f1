import { listed } from "../../collections/names.ts";
import { UnknownColumnError, nearestNames } from "../../errors.ts";

/** The columns asked for, in the order asked; all where none are named. @throws UnknownColumnError */
export function chosen(known: readonly string[], asked: readonly string[] | undefined): readonly string[] {
  for (const name of asked ?? []) {
    if (known.includes(name)) continue;
    const near = nearestNames(name, known);
    throw new UnknownColumnError(`There is no column "${name}"; there are ${listed(known)}.`, {
      fields: { column: name, columns: known },
      ...(near.length > 0 ? { fix: `did you mean ${near.map((one) => `"${one}"`).join(" or ")}?` } : {}),
    });
  }
  return asked ?? known;
}

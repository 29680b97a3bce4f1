import { OptionError } from "../../errors.ts";
import { SCALAR_TYPES, type ScalarType } from "../schema.ts";

/** The types that `toDataFrame` was given. @throws OptionError */
export function checkFrameTypes(types: Readonly<Record<string, ScalarType>>): Readonly<Record<string, ScalarType>> {
  if (typeof types !== "object" || types === null || Array.isArray(types))
    throw new OptionError(`toDataFrame option types expects an object such as { price: "float64" }.`);
  for (const [column, type] of Object.entries(types))
    if (!SCALAR_TYPES.includes(type))
      throw new OptionError(
        `toDataFrame option types["${column}"] expects ${SCALAR_TYPES.map((name) => `"${name}"`).join(" or ")}, found ${JSON.stringify(type)}.`,
      );
  return types;
}

import { wrong } from "../options.ts";
import { SCALAR_TYPES, type ScalarType } from "../schema.ts";

/** The types that `toDataFrame` was given. @throws OptionError */
export function checkFrameTypes(types: Readonly<Record<string, ScalarType>>): Readonly<Record<string, ScalarType>> {
  if (typeof types !== "object" || types === null || Array.isArray(types))
    throw wrong("toDataFrame option types", 'an object such as { price: "float64" }', types);
  for (const [column, type] of Object.entries(types))
    if (!SCALAR_TYPES.includes(type))
      throw wrong(
        `toDataFrame option types[${JSON.stringify(column)}]`,
        SCALAR_TYPES.map((name) => `"${name}"`).join(" or "),
        type,
      );
  return types;
}

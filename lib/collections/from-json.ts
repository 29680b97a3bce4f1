import { DataFrame } from "./dataframe/dataframe.ts";

/** The collection of a description as `toJSON` gives it (an object; parse text first). @throws PlanError that says where it is not well formed. */
export function fromJSON(json: unknown): DataFrame {
  return DataFrame.fromJSON(json);
}

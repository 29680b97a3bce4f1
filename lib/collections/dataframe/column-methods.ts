import { OptionError } from "../../errors.ts";
import { asExpression, type Operand } from "../expression.ts";
import { namedTwice } from "../names.ts";
import type { Window } from "../window.ts";
import type { DataFrame } from "./dataframe.ts";
import { FrameBase } from "./frame-base.ts";
import { columnNames, fillValues } from "./operations.ts";
import { windowsNode } from "./summaries.ts";

/** Methods that make, choose and name columns. */
export abstract class ColumnMethods extends FrameBase {
  /** These columns, in this order. */
  select(...names: (string | readonly string[])[]): DataFrame {
    const flat = names.flat();
    const twice = namedTwice(flat);
    if (twice !== undefined)
      throw new OptionError(`select(…) names "${twice}" twice.`, { fix: "name each column once." });
    return this.make({ kind: "select", input: this.node, names: flat });
  }

  /** All columns but these. */
  drop(...names: (string | readonly string[])[]): DataFrame {
    return this.make({ kind: "drop", input: this.node, names: columnNames(names.flat(), "drop(…)") });
  }

  /** Adds columns, or replaces those of the same name. All expressions see the columns as they were before. */
  assign(columns: Readonly<Record<string, Operand>>): DataFrame {
    const list = Object.entries(columns).map(([name, value]) => ({ name, value: asExpression(value).node }));
    if (list.length === 0) return this.itself();
    return this.make({ kind: "assign", input: this.node, columns: list });
  }

  /** Gives columns other names, as in `rename({ old: "new" })`. All at once, so that names may be exchanged. */
  rename(names: Readonly<Record<string, string>>): DataFrame {
    const pairs = Object.entries(names).map(([from, to]) => ({ from, to }));
    if (pairs.length === 0) return this.itself();
    columnNames(
      pairs.map(({ to }) => to),
      "rename(…)",
    );
    return this.make({ kind: "rename", input: this.node, names: pairs });
  }

  /** Puts a value in the place of nulls: one for all columns of its type (an integer also goes into float64), or one a column, as in `{ price: 0 }`. */
  fillNull(value: Operand | Readonly<Record<string, Operand>>): DataFrame {
    return this.make({ kind: "fillNull", input: this.node, values: fillValues(value) });
  }

  /**
   * Adds columns that look along the rows, in the order of the frame, or replaces those of the same name: `window({ total: col("x").cumsum(),
   * before: col("x").shift(), smooth: col("x").rolling(7).mean() })`. All see the columns as they were before.
   *
   * What is too large for one place stays in parts, which tell each other what they come to, and the rows at their ends as far as the longest
   * shift or window reaches.
   */
  window(columns: Readonly<Record<string, Window>>): DataFrame {
    return this.make(windowsNode(this.node, columns));
  }
}

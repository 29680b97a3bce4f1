/** TPC-H's queries 1, 3, 5, 6, 12, 14 and 18 with the DataFrame API, with the specification's validation parameters. */
import type * as Api from "../../lib/index.ts";
import type { TpchTable } from "../data/tpch.ts";

export const TPCH_QUERIES = ["q1", "q3", "q5", "q6", "q12", "q14", "q18"] as const;
export type TpchQuery = (typeof TPCH_QUERIES)[number];

/** The types that are not as a file's beginning suggests them: dates. */
const TYPES: Readonly<Partial<Record<TpchTable, Readonly<Record<string, Api.ScalarType>>>>> = {
  orders: { o_orderdate: "date" },
  lineitem: { l_shipdate: "date", l_commitdate: "date", l_receiptdate: "date" },
};

/** The tables of a folder as frames. */
export function readTpch(
  { readCsv }: typeof Api,
  folder: string,
  options: Api.CsvOptions = {},
): (table: TpchTable) => Api.DataFrame {
  return (table) => readCsv(`${folder}/${table}.csv`, { ...options, types: TYPES[table] ?? {} });
}

/** `quantity`: what query 18 calls a large order. Small scales have none above the validation parameter, 300. */
type Query = (api: typeof Api, read: (table: TpchTable) => Api.DataFrame, quantity?: number) => Api.DataFrame;

export const tpch: Readonly<Record<TpchQuery, Query>> = {
  q1: ({ col, size }, read) =>
    read("lineitem")
      .filter(col("l_shipdate").le("1998-09-02"))
      .assign({ disc_price: discounted(col) })
      .groupBy("l_returnflag", "l_linestatus")
      .agg({
        sum_qty: col("l_quantity").sum(),
        sum_base_price: col("l_extendedprice").sum(),
        sum_disc_price: col("disc_price").sum(),
        sum_charge: col("disc_price").mul(col("l_tax").add(1)).sum(),
        avg_qty: col("l_quantity").mean(),
        avg_price: col("l_extendedprice").mean(),
        avg_disc: col("l_discount").mean(),
        count_order: size(),
      }),

  q3: ({ col }, read) =>
    read("customer")
      .filter(col("c_mktsegment").eq("BUILDING"))
      .join(read("orders").filter(col("o_orderdate").lt("1995-03-15")), { leftOn: "c_custkey", rightOn: "o_custkey" })
      .join(read("lineitem").filter(col("l_shipdate").gt("1995-03-15")), {
        leftOn: "o_orderkey",
        rightOn: "l_orderkey",
      })
      .groupBy("l_orderkey", "o_orderdate", "o_shippriority")
      .agg({ revenue: discounted(col).sum() })
      .select("l_orderkey", "revenue", "o_orderdate", "o_shippriority")
      .sort(["revenue", "o_orderdate"], { descending: [true, false] })
      .head(10),

  q5: ({ col }, read) =>
    read("region")
      .filter(col("r_name").eq("ASIA"))
      .join(read("nation"), { leftOn: "r_regionkey", rightOn: "n_regionkey" })
      .join(read("customer"), { leftOn: "n_nationkey", rightOn: "c_nationkey" })
      .join(read("orders").filter(col("o_orderdate").ge("1994-01-01").and(col("o_orderdate").lt("1995-01-01"))), {
        leftOn: "c_custkey",
        rightOn: "o_custkey",
      })
      .join(read("lineitem"), { leftOn: "o_orderkey", rightOn: "l_orderkey" })
      .join(read("supplier"), { leftOn: ["l_suppkey", "n_nationkey"], rightOn: ["s_suppkey", "s_nationkey"] })
      .groupBy("n_name")
      .agg({ revenue: discounted(col).sum() })
      .sort("revenue", { descending: true }),

  q6: ({ col }, read) =>
    read("lineitem")
      .filter(
        col("l_shipdate")
          .ge("1994-01-01")
          .and(col("l_shipdate").lt("1995-01-01"))
          .and(col("l_discount").between(0.05, 0.07))
          .and(col("l_quantity").lt(24)),
      )
      .agg({ revenue: col("l_extendedprice").mul(col("l_discount")).sum() }),

  q12: ({ col }, read) => {
    const isHigh = col("o_orderpriority").isIn(["1-URGENT", "2-HIGH"]);
    return read("orders")
      .join(
        read("lineitem").filter(
          col("l_shipmode")
            .isIn(["MAIL", "SHIP"])
            .and(col("l_commitdate").lt(col("l_receiptdate")))
            .and(col("l_shipdate").lt(col("l_commitdate")))
            .and(col("l_receiptdate").ge("1994-01-01"))
            .and(col("l_receiptdate").lt("1995-01-01")),
        ),
        { leftOn: "o_orderkey", rightOn: "l_orderkey" },
      )
      .groupBy("l_shipmode")
      .agg({ high_line_count: isHigh.cast("int64").sum(), low_line_count: isHigh.not().cast("int64").sum() });
  },

  q14: ({ col, when }, read) =>
    read("lineitem")
      .filter(col("l_shipdate").ge("1995-09-01").and(col("l_shipdate").lt("1995-10-01")))
      .join(read("part"), { leftOn: "l_partkey", rightOn: "p_partkey" })
      .assign({ revenue: discounted(col) })
      .agg({
        promo: when(col("p_type").startsWith("PROMO")).then(col("revenue")).otherwise(0).sum(),
        all: col("revenue").sum(),
      })
      .assign({ promo_revenue: col("promo").mul(100).div(col("all")) })
      .select("promo_revenue"),

  q18: ({ col }, read, quantity = 300) =>
    read("orders")
      .join(
        read("lineitem")
          .groupBy("l_orderkey")
          .agg({ sum_qty: col("l_quantity").sum() })
          .filter(col("sum_qty").gt(quantity)),
        { leftOn: "o_orderkey", rightOn: "l_orderkey" },
      )
      .join(read("customer"), { leftOn: "o_custkey", rightOn: "c_custkey" })
      .select("c_name", "o_custkey", "o_orderkey", "o_orderdate", "o_totalprice", "sum_qty")
      .sort(["o_totalprice", "o_orderdate"], { descending: [true, false] })
      .head(100),
};

/** What is paid for a line: 1 − d is written as −d + 1. */
function discounted(col: typeof Api.col): Api.Expression {
  return col("l_extendedprice").mul(col("l_discount").neg().add(1));
}

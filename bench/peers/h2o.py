"""A question of the database benchmark, from CSV to its answer in memory: h2o.py polars|duckdb|dask FOLDER THREADS QUESTION."""
import os
import sys

sys.dont_write_bytecode = True
from h2o_questions import SQL  # noqa: E402
from measure import report  # noqa: E402

JOINS = {"j1": ("small", "id1", "inner"), "j2": ("medium", "id2", "inner"), "j3": ("medium", "id2", "left"),
         "j4": ("medium", "id5", "inner"), "j5": ("big", "id3", "inner")}


def duckdb(folder, threads, question):
    import duckdb as db
    sql = SQL[question].replace("$folder", folder.replace("'", "''"))
    db.sql(f"set threads = {threads}")

    def work():
        db.sql(f"create or replace temp table answer as {sql}")
        return {}
    # The table is told as Polars', after all was timed.
    return work, lambda: db.sql("select * from answer").pl()


def polars(folder, threads, question):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl
    held = []

    def work():
        held[:] = [_polars_frame(pl, folder, question).collect(engine="streaming")]
        return {}
    return work, lambda: held[0]


def _polars_frame(pl, folder, question):
    if question in JOINS:
        other, on, how = JOINS[question]
        x, y = (pl.scan_csv(f"{folder}/{name}.csv") for name in ("x", other))
        return x.join(y, on=on, how=how, suffix="_y")
    x, col = pl.scan_csv(f"{folder}/g1.csv"), pl.col
    return {
        "q1": lambda: x.group_by("id1").agg(col("v1").sum()),
        "q2": lambda: x.group_by("id1", "id2").agg(col("v1").sum()),
        "q3": lambda: x.group_by("id3").agg(col("v1").sum(), col("v3").mean()),
        "q4": lambda: x.group_by("id4").agg(col("v1").mean(), col("v2").mean(), col("v3").mean()),
        "q5": lambda: x.group_by("id6").agg(col("v1").sum(), col("v2").sum(), col("v3").sum()),
        "q6": lambda: x.group_by("id4", "id5").agg(col("v3").median().alias("median"), col("v3").std().alias("sd")),
        "q7": lambda: x.group_by("id3").agg((col("v1").max() - col("v2").min()).alias("range")),
        "q8": lambda: x.group_by("id6").agg(col("v3").top_k(2).sort(descending=True).alias("two")).select(
            "id6", col("two").list.get(0).alias("first"), col("two").list.get(1, null_on_oob=True).alias("second")),
        "q9": lambda: x.group_by("id2", "id4").agg((pl.corr("v1", "v2") ** 2).alias("r2")),
        "q10": lambda: x.group_by("id1", "id2", "id3", "id4", "id5", "id6").agg(col("v3").sum(), pl.len().alias("count")),
    }[question]()


def dask(folder, threads, question):
    import dask.dataframe as dd
    held = []

    def work():
        frame = _dask_frame(dd, folder, question)
        result = frame.compute(scheduler="threads", num_workers=threads)
        held[:] = [result.reset_index("id6").reset_index(drop=True) if question == "q8" else result]
        return {}

    def answer():
        import polars as pl
        return pl.from_pandas(held[0])
    return work, answer


def _dask_frame(dd, folder, question):
    if question in JOINS:
        other, on, how = JOINS[question]
        x, y = (dd.read_csv(f"{folder}/{name}.csv") for name in ("x", other))
        return x.merge(y, on=on, how=how, suffixes=("", "_y"))
    x = dd.read_csv(f"{folder}/g1.csv")
    return {
        "q1": lambda: x.groupby("id1").agg({"v1": "sum"}).reset_index(),
        "q2": lambda: x.groupby(["id1", "id2"]).agg({"v1": "sum"}).reset_index(),
        "q3": lambda: x.groupby("id3").agg({"v1": "sum", "v3": "mean"}).reset_index(),
        "q4": lambda: x.groupby("id4").agg({"v1": "mean", "v2": "mean", "v3": "mean"}).reset_index(),
        "q5": lambda: x.groupby("id6").agg({"v1": "sum", "v2": "sum", "v3": "sum"}).reset_index(),
        "q6": lambda: _dask_q6(x),
        "q7": lambda: _dask_q7(x),
        "q8": lambda: x[["id6", "v3"]].groupby("id6")["v3"].apply(_largest_two, meta={"first": "f8", "second": "f8"}),
        "q9": lambda: _dask_q9(x),
        "q10": lambda: x.groupby(["id1", "id2", "id3", "id4", "id5", "id6"]).agg({"v3": "sum", "v1": "count"}, split_out=8)
                        .rename(columns={"v1": "count"}).reset_index(),
    }[question]()


def _dask_q6(x):
    grouped = x.groupby(["id4", "id5"]).agg({"v3": ["median", "std"]})
    grouped.columns = ["median", "sd"]
    return grouped.reset_index()


def _dask_q7(x):
    grouped = x.groupby("id3").agg({"v1": "max", "v2": "min"})
    return (grouped["v1"] - grouped["v2"]).rename("range").reset_index()


def _largest_two(values):
    import pandas as pd
    largest = [*values.nlargest(2), float("nan")]
    return pd.DataFrame({"first": [largest[0]], "second": [largest[1]]})


def _dask_q9(x):
    """By sums: corr in apply takes a call of Python a group, which is fifty times as slow."""
    products = x[["id2", "id4", "v1", "v2"]].assign(n=1, xy=x.v1 * x.v2, xx=x.v1 * x.v1, yy=x.v2 * x.v2)
    s = products.groupby(["id2", "id4"]).sum()
    r2 = (s.n * s.xy - s.v1 * s.v2) ** 2 / ((s.n * s.xx - s.v1 ** 2) * (s.n * s.yy - s.v2 ** 2))
    return r2.rename("r2").reset_index()


def check(frame):
    """Rows, and of each column its nulls, its sum, and its sum weighted by the first column: texts such as id017 count as 17."""
    import polars as pl

    def number(name, type):
        if type == pl.String:
            return pl.col(name).str.slice(2).cast(pl.Float64)
        return pl.col(name).cast(pl.Float64).fill_nan(None)
    numbers = frame.select(number(name, type).alias(name) for name, type in frame.schema.items())
    weight = pl.col(numbers.columns[0]) % 1009
    sums = numbers.select(e for name in numbers.columns for e in (
        pl.col(name).null_count().alias(f"{name} nulls"), pl.col(name).sum().alias(f"{name} sum"),
        (pl.col(name) * weight).sum().alias(f"{name} weighted")))
    return {"rows": frame.height} | sums.row(0, named=True)


if __name__ == "__main__":
    peer, path, count, asked = sys.argv[1:5]
    run, result = {"polars": polars, "duckdb": duckdb, "dask": dask}[peer](path, int(count), asked)
    report(run, lambda: {"answer": check(result())})

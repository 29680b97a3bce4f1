"""Sum of quantity * price for each product: csv_groupby.py polars|duckdb|dask GLOB THREADS."""
import os
import sys

sys.dont_write_bytecode = True
from measure import report  # noqa: E402


def polars(glob, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    def work():
        revenue = (pl.col("quantity") * pl.col("price")).sum().alias("revenue")
        return dict(pl.scan_csv(glob).group_by("product").agg(revenue).collect(engine="streaming").iter_rows())
    return work


def duckdb(glob, threads):
    import duckdb as db

    def work():
        db.sql(f"set threads = {int(threads)}")
        quoted = glob.replace("'", "''")
        return dict(db.sql(f"select product, sum(quantity * price) from read_csv('{quoted}') group by product").fetchall())
    return work


def dask(glob, threads):
    import dask.dataframe as dd

    def work():
        frame = dd.read_csv(glob)
        frame["revenue"] = frame["quantity"] * frame["price"]
        return frame.groupby("product")["revenue"].sum().compute(scheduler="threads", num_workers=threads).to_dict()
    return work


if __name__ == "__main__":
    peer, pattern, count = sys.argv[1:4]
    report({"polars": polars, "duckdb": duckdb, "dask": dask}[peer](pattern, int(count)))

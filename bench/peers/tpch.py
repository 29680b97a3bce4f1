"""A TPC-H query from CSV: tpch.py duckdb FOLDER THREADS QUERY."""
import sys

sys.dont_write_bytecode = True
from measure import report  # noqa: E402
from tpch_queries import QUERIES, views  # noqa: E402


def duckdb(folder, threads, query):
    import duckdb as db
    connection = db.connect()
    connection.execute(f"set threads = {threads}")
    # Outside of what is timed: looking for the columns of seven files takes longer than a query.
    views(connection, folder)

    def work():
        result = connection.sql(QUERIES[query].replace("$quantity", "300"))
        names, rows = result.columns, result.fetchall()
        # Columns of numbers: the sum of value times the row's number, as tpch.abanico.ts has it.
        is_number = [str(type) in ("DOUBLE", "BIGINT", "HUGEINT", "INTEGER") for type in result.types]
        sums = {name: sum((i + 1) * row[c] for i, row in enumerate(rows)) for c, name in enumerate(names) if is_number[c]}
        return {"rows": len(rows)} | sums
    return work


if __name__ == "__main__":
    _, path, count, asked = sys.argv[1:5]
    report(duckdb(path, int(count), asked))

"""The same work in DuckDB under the same limit: duckdb.py CASE FOLDER OUT THREADS LIMIT. Prints one JSON line."""
import json
import sys
import tempfile
import time
from pathlib import Path

# This file's own folder comes first in the path, and holds a file of the library's name.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
import duckdb

sys.path.append(str(Path(__file__).resolve().parent.parent / "peers"))
from measure import peak_rss

case, folder, out, threads, limit = sys.argv[1:]
QUERIES = {
    "sort": f"select * from '{folder}/g1.csv' order by v3",
    "groupby": f"select id3, id6, count(*) as n, sum(v1) as v1 from '{folder}/g1.csv' group by id3, id6 order by id3, id6",
    "join": f"select * from '{folder}/x.csv' join (select id1 as big_id1, id2 as big_id2, id3, id4 as big_id4, id5 as big_id5, id6 as big_id6, v2 from '{folder}/big.csv') using (id3)",
}
with tempfile.TemporaryDirectory() as spill:
    settings = {"threads": int(threads), "memory_limit": f"{int(limit) // 1_000_000}MB", "temp_directory": spill}
    connection = duckdb.connect(config=settings)
    if case == "join":
        connection.execute("set preserve_insertion_order = false")
    start = time.perf_counter()
    connection.execute(f"copy ({QUERIES[case]}) to '{out}' (format parquet, compression uncompressed)")
    print(json.dumps({"seconds": time.perf_counter() - start, "peakBytes": peak_rss()}))

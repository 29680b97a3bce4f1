"""The questions of the H2O and DuckDB database benchmark as SQL for DuckDB. `$folder`: where the CSV files lie."""

G1 = "read_csv('$folder/g1.csv')"
X = "read_csv('$folder/x.csv') x"


def _join(other, on, how, right):
    """`right`: the other table's columns that x has too, beside the key."""
    own = ", ".join(f"y.{name} as {name}_y" for name in right)
    return f"select x.*, {own}, y.v2 from {X} {how} join read_csv('$folder/{other}.csv') y using ({on})"


SQL = {
    "q1": f"select id1, sum(v1)::bigint as v1 from {G1} group by id1",
    "q2": f"select id1, id2, sum(v1)::bigint as v1 from {G1} group by id1, id2",
    "q3": f"select id3, sum(v1)::bigint as v1, avg(v3) as v3 from {G1} group by id3",
    "q4": f"select id4, avg(v1) as v1, avg(v2) as v2, avg(v3) as v3 from {G1} group by id4",
    "q5": f"select id6, sum(v1)::bigint as v1, sum(v2)::bigint as v2, sum(v3) as v3 from {G1} group by id6",
    "q6": f"select id4, id5, median(v3) as median, stddev(v3) as sd from {G1} group by id4, id5",
    "q7": f"select id3, max(v1) - min(v2) as range from {G1} group by id3",
    "q8": f"select id6, largest[1] as first, largest[2] as second from (select id6, max(v3, 2) as largest from {G1} group by id6)",
    "q9": f"select id2, id4, pow(corr(v1, v2), 2) as r2 from {G1} group by id2, id4",
    "q10": f"select id1, id2, id3, id4, id5, id6, sum(v3) as v3, count(*) as count from {G1} group by id1, id2, id3, id4, id5, id6",
    "j1": _join("small", "id1", "inner", ["id4"]),
    "j2": _join("medium", "id2", "inner", ["id1", "id4", "id5"]),
    "j3": _join("medium", "id2", "left", ["id1", "id4", "id5"]),
    "j4": _join("medium", "id5", "inner", ["id1", "id2", "id4"]),
    "j5": _join("big", "id3", "inner", ["id1", "id2", "id4", "id5", "id6"]),
}

"""Two graphs of tiny calls by Dask's threaded scheduler: delayed.py dask WIDE,LEAVES THREADS."""
import sys

sys.dont_write_bytecode = True
from measure import report  # noqa: E402


def dask(wide, leaves, threads):
    from dask import delayed

    @delayed
    def inc(x):
        return x + 1

    @delayed
    def add(a, b):
        return a + b

    total = delayed(sum)

    def tree(level):
        while len(level) > 1:
            pairs = [add(a, b) for a, b in zip(level[::2], level[1::2])]
            level = pairs + level[len(pairs) * 2:]
        return level[0]

    def compute(node):
        return node.compute(scheduler="threads", num_workers=threads)

    def work():
        return {"wide": compute(total([inc(i) for i in range(wide)])), "tree": compute(tree([inc(i) for i in range(leaves)]))}
    return work


if __name__ == "__main__":
    _, counts, count = sys.argv[1:4]
    report(dask(*map(int, counts.split(",")), int(count)))

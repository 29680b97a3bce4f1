"""
Two graphs of tiny calls by Dask's threaded scheduler: delayed.py dask WIDE,LEAVES THREADS.

Its time grows with the square of the calls in a graph: 1,000 calls take half a second, 10,000 take 18. So it makes two of 500 calls, where it is
quick, and as many such graphs as have all the calls would take so many times as long.
"""
import sys

sys.dont_write_bytecode = True
from measure import report  # noqa: E402


MOST = 500


def total(n):
    """1 + 2 + … + n: what both graphs come to."""
    return n * (n + 1) // 2


def dask(wide, leaves, threads):
    from dask import delayed

    @delayed
    def inc(x):
        return x + 1

    @delayed
    def add(a, b):
        return a + b

    add_all = delayed(sum)

    def tree(level):
        while len(level) > 1:
            pairs = [add(a, b) for a, b in zip(level[::2], level[1::2])]
            level = pairs + level[len(pairs) * 2:]
        return level[0]

    def compute(node):
        return node.compute(scheduler="threads", num_workers=threads)

    def work():
        return {"wide": compute(add_all([inc(i) for i in range(wide)])), "tree": compute(tree([inc(i) for i in range(leaves)]))}
    return work


if __name__ == "__main__":
    _, counts, count = sys.argv[1:4]
    wide, leaves = map(int, counts.split(","))
    part = [min(wide, MOST), min(leaves, MOST // 2)]
    work = dask(*part, int(count))

    def checked():
        answer = work()
        assert answer == {"wide": total(part[0]), "tree": total(part[1])}, answer
        return answer

    # The answer to all of it, in the place of the part's, which was looked at.
    whole = {"answer": {"wide": total(wide), "tree": total(leaves)}}
    report(checked, lambda: whole, times=(wide + 2 * leaves) / (part[0] + 2 * part[1]))

"""Tiny tasks a second through Dask's threaded scheduler: NAME TASKS THREADS. Prints one JSON line."""

import json
import sys
import time

import dask

_, _, tasks, threads = sys.argv
count = int(tasks)


def inc(x):
    return x + 1


def best_of(work, rounds=2):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return count / min(times)


def delayed():
    calls = [dask.delayed(inc, pure=False)(i) for i in range(count)]
    values = dask.compute(*calls, scheduler="threads", num_workers=int(threads))
    assert values[-1] == count


def graph():
    from dask.threaded import get

    keys = [f"inc-{i}" for i in range(count)]
    values = get({key: (inc, i) for i, key in enumerate(keys)}, keys, num_workers=int(threads))
    assert values[-1] == count


print(json.dumps({"delayed": round(best_of(delayed)), "get": round(best_of(graph))}))

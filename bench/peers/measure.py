"""Runs a peer's work twice and prints the report that the harness reads."""
import json
import resource
import sys
import time


def peak_rss():
    """Peak resident memory in bytes. Linux: VmHWM, since ru_maxrss there also counts what the parent held when it forked."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def report(work):
    start = time.perf_counter()
    answer = work()
    first = time.perf_counter()
    work()
    again = time.perf_counter() - first
    print(json.dumps({"seconds": first - start, "againSeconds": again, "peakRssBytes": peak_rss(), "answer": answer}))

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


def cpu():
    """Processor time of all threads, and of child processes that have ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def report(work, outputs=None, times=1):
    """
    `outputs`: for work whose answer lies in files; gives a dict with outputBytes and answer, after all was timed.
    `times`: for work that is only a part: as many such parts are all of it, and would take so many times as long.
    """
    start, cpu_start = time.perf_counter(), cpu()
    answer = work()
    first, cpu_first = time.perf_counter(), cpu()
    work()
    again, cpu_again = time.perf_counter() - first, cpu() - cpu_first
    seconds = {"seconds": first - start, "againSeconds": again, "cpuSeconds": cpu_first - cpu_start, "againCpuSeconds": cpu_again}
    result = {name: times * value for name, value in seconds.items()} | {"peakRssBytes": peak_rss(), "answer": answer}
    print(json.dumps(result | (outputs() if outputs else {})))

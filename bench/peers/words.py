"""The ten most frequent words of text: words.py dask GLOB THREADS."""
import sys

sys.dont_write_bytecode = True
from measure import report  # noqa: E402


def dask(glob, threads):
    import dask.bag as db

    def work():
        # Blocks of 16 MiB, as Abanico reads them: by default a partition would be a whole file.
        words = db.read_text(glob, blocksize=16 * 2**20).map(str.split).flatten()
        return dict(words.frequencies().topk(10, key=1).compute(scheduler="processes", num_workers=threads))
    return work


if __name__ == "__main__":
    peer, pattern, count = sys.argv[1:4]
    report({"dask": dask}[peer](pattern, int(count)))

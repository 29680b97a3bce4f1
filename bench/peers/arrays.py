"""A job on arrays: arrays.py dask|numpy NAME:ROWS:COLUMNS THREADS."""
import os
import sys

sys.dont_write_bytecode = True


def near(value, wanted, within):
    return 1 if abs(value - wanted) <= within else 0


def dask_jobs(rows, columns, threads):
    import dask
    import dask.array as da
    dask.config.set(scheduler="threads", num_workers=threads)
    chunks = (1_000, 1_000)

    def cov():
        return near(da.cov(da.random.normal(0, 1, size=(rows, columns), chunks=chunks).T).compute()[0, 0], 1, 0.5)

    def transposed():
        x = da.random.random((rows, rows), chunks=chunks)
        return near((x + x.T).mean(axis=0).compute()[0], 1, 0.2)

    def moments():
        x = da.random.normal(size=(rows, columns), chunks=chunks)
        mean, std = dask.compute(x.mean(), x.std())
        return near(mean, 0, 0.1) * near(std, 1, 0.1)

    def elementwise():
        a, b, c = (da.random.random((rows, columns), chunks=chunks) for _ in range(3))
        return near((a * b + c).sum().compute() / (rows * columns), 0.75, 0.01)

    def matmul():
        a, b = (da.random.random((rows, rows), chunks=chunks) for _ in range(2))
        return near((a @ b).compute()[0, 0] / rows, 0.25, 0.1)
    return {"cov": cov, "transposed": transposed, "moments": moments, "elementwise": elementwise, "matmul": matmul}


def numpy_jobs(rows, columns, _threads):
    import numpy as np
    rng = np.random.default_rng(0)

    def cov():
        return near(np.cov(rng.normal(size=(rows, columns)).T)[0, 0], 1, 0.5)

    def transposed():
        x = rng.random((rows, rows))
        return near((x + x.T).mean(axis=0)[0], 1, 0.2)

    def moments():
        x = rng.normal(size=(rows, columns))
        return near(x.mean(), 0, 0.1) * near(x.std(), 1, 0.1)

    def elementwise():
        a, b, c = (rng.random((rows, columns)) for _ in range(3))
        return near((a * b + c).sum() / (rows * columns), 0.75, 0.01)

    def matmul():
        a, b = (rng.random((rows, rows)) for _ in range(2))
        return near((a @ b)[0, 0] / rows, 0.25, 0.1)
    return {"cov": cov, "transposed": transposed, "moments": moments, "elementwise": elementwise, "matmul": matmul}


if __name__ == "__main__":
    peer, what, count = sys.argv[1:4]
    if peer == "numpy":
        # NumPy's own loops have one thread; its linear algebra has as many as it is told.
        os.environ["OPENBLAS_NUM_THREADS"] = count
    name, *numbers = what.split(":")
    from measure import report  # noqa: E402
    work = {"dask": dask_jobs, "numpy": numpy_jobs}[peer](*map(int, numbers), int(count))[name]
    report(lambda: {"agrees": work()})

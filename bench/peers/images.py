"""PNG files to gray with scikit-image: images.py skimage GLOB THREADS. As many processes as threads: its work holds the interpreter's lock."""
import glob
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

sys.dont_write_bytecode = True
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # The processes are the threads; BLAS would only spin beside them.
import numpy as np  # noqa: E402
from skimage import color, io  # noqa: E402

from measure import report  # noqa: E402


def gray(job):
    source, target = job
    io.imsave(target, (color.rgb2gray(io.imread(source)) * 255).astype(np.uint8), check_contrast=False)


def skimage(pattern, processes):
    folder = tempfile.mkdtemp()
    files = sorted(glob.glob(pattern))
    jobs = [(file, f"{folder}/{os.path.basename(file)[:-4]}_gray.png") for file in files]

    def work():
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(gray, jobs, chunksize=4))
        return {"images": len(jobs)}

    def outputs():
        wanted = np.fromfile(pattern.replace("*.png", "expected.gray"), np.uint8)
        found = np.concatenate([io.imread(target).ravel() for _, target in jobs])
        wrong = int((np.abs(found.astype(int) - wanted) > 1).sum())
        size = sum(os.path.getsize(target) for _, target in jobs)
        shutil.rmtree(folder)
        return {"outputBytes": size, "answer": {"images": len(jobs), "wrong": wrong}}
    return work, outputs


if __name__ == "__main__":
    peer, pattern, count = sys.argv[1:4]
    report(*{"skimage": skimage}[peer](pattern, int(count)))

"""Makes the files beside this script. Needs NumPy, zarr (2.x is enough), h5py: python3 make_files.py"""
import pathlib

import h5py
import numpy as np
import zarr

here = pathlib.Path(__file__).parent
grid = np.arange(35.0).reshape(7, 5) / 4
np.save(here / "grid.npy", grid)
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)))
np.save(here / "swapped.npy", np.arange(6, dtype=">u2").reshape(2, 3))
np.save(here / "scalar.npy", np.float32(2.5))
np.save(here / "empty.npy", np.zeros((0, 3), "int64"))
np.save(here / "bools.npy", np.array([True, False, True]))
np.save(here / "texts.npy", np.array(["a", "b"]))
for name, options in {"blosc": {}, "plain": {"compressor": None}, "fortran": {"order": "F", "compressor": None}}.items():
    made = zarr.open(str(here / f"{name}.zarr"), mode="w", shape=grid.shape, chunks=(3, 2), dtype="<f8", **options)
    made[:] = grid
group = zarr.open_group(str(here / "group.zarr"), mode="w")
group.create_dataset("inner/counts", data=np.arange(10, dtype="<i8"), chunks=(4,), compressor=None)
sparse = zarr.open(str(here / "sparse.zarr"), mode="w", shape=(6,), chunks=(2,), dtype="<i4", fill_value=-1, compressor=None)
sparse[2:4] = [7, 8]
with h5py.File(here / "grid.h5", "w") as file:
    file["data/grid"] = grid
    file["bytes"] = np.arange(10, dtype="u1")
    file["wide"] = np.arange(10, dtype="i8")
    file["one"] = np.float32(2.5)
    file["text"] = "words"

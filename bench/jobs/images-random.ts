/** Images: noise, which nothing compresses, to gray with scikit-image's pixels. */
import { makeImages } from "../data/images.ts";
import type { Job } from "../job.ts";

export const job: Job = {
  name: "images-random",
  title: "512 × 512 PNG to gray (random)",
  rows: 384,
  smokeRows: 4,
  noun: "images",
  data: makeImages("random"),
  abanico: new URL("images.abanico.ts", import.meta.url),
  peers: [
    {
      name: "skimage",
      packages: ["scikit-image", "numpy", "pillow"],
      script: new URL("../peers/images.py", import.meta.url),
    },
  ],
  bars: [
    { kind: "cpu", against: "skimage", atMost: 0.8 },
    { kind: "output", against: "skimage", atMost: 1.05 },
  ],
};

import sharp from "sharp";

/**
 * sharp, as tasks use it. Loaded only where a task works on images. Its settings hold for the whole process: one thread an image, since there
 * is a task on each worker already, and no cache, since no image comes twice.
 */
sharp.concurrency(1);
sharp.cache(false);

export { sharp };

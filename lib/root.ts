/** The folder of this library that runs: `lib` from its sources, `dist` as published (where all chunks lie side by side). */
export const LIBRARY_URL = new URL("./", import.meta.url);

/** Files of the library end in this: ".ts" from its sources, ".js" as published. */
export const LIBRARY_EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

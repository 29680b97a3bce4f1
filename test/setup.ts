import fc from "fast-check";

/**
 * Property tests take the same examples each time, so that a change is judged by what it changes. `FC_SEED=7 npm test` takes others,
 * `FC_SEED=random npm test` new ones each time; a failure prints its seed.
 */
const seed = process.env["FC_SEED"] ?? "20261122";
if (seed !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

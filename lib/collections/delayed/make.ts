import type { Callable } from "../../callables/reference.ts";
import { RAW } from "../../callables/registry.ts";
import { Delayed, isDelayed, type DelayedTask } from "./delayed.ts";
import { delayedOptions, type DelayedOptions } from "./options.ts";
import type { DelayedFunction, Settled } from "./types.ts";

/**
 * Makes a function whose calls are described instead of made: each gives a Delayed, and such may be arguments of further calls, also
 * inside of arrays and objects. `compute()` runs what a result needs, side by side on the client's workers.
 *
 *     const add = delayed((a: number, b: number) => a + b);
 *     await add(add(1, 2), 3).compute();                            // 6
 *
 * The function may be async, and may return a Delayed, an array or object with Delayed values inside, or another collection: that is
 * then computed, while no worker waits for it. It travels by its source, and so may use no outer variable, unless it is an export of a
 * module that `fromModule` loads.
 *
 * @throws OptionError for an option that is not known, or has a value that cannot be.
 */
export function delayed<A extends unknown[], R>(fn: (...args: A) => R, options?: DelayedOptions): DelayedFunction<A, R>;
/** A value as a node: of an array or object with Delayed values inside, one Delayed. `name` is what graphs call it. */
export function delayed<T>(value: T, options?: Pick<DelayedOptions, "name">): Delayed<Settled<T>>;
export function delayed(value: unknown, options: DelayedOptions = {}): unknown {
  const shared = delayedOptions(options);
  if (typeof value !== "function") {
    if (typeof value === "object" && value !== null && isDelayed(value)) return value;
    return new Delayed({ name: options.name, fn: undefined, options: shared }, [value]);
  }
  // Of a function that is delayed already, the function itself: with these options.
  const raw: unknown = Reflect.get(value, RAW) ?? value;
  const fn = (typeof raw === "function" ? raw : value) as Callable; // any function may be called with any arguments
  const task: DelayedTask = { name: options.name, fn, options: shared };
  const wrapper = (...args: unknown[]) => new Delayed(task, args);
  Object.defineProperty(wrapper, RAW, { value: fn });
  Object.defineProperty(wrapper, "name", { value: options.name ?? fn.name, configurable: true });
  return wrapper;
}

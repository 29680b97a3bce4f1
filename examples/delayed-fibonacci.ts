/** Recursion as a graph of calls: node examples/delayed-fibonacci.ts */
import { fromModule } from "../lib/index.ts"; // in your program: from "abanico"
import type * as Tasks from "./delayed-tasks.ts";

const { fib } = await fromModule<typeof Tasks>(new URL("./delayed-tasks.ts", import.meta.url));

console.log(await Promise.all([10, 20, 30].map((n) => fib(n).compute()))); // [ 55, 6765, 832040 ]

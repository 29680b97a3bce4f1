export { loadArrow, toArrow } from "../kernels/frame/arrow.ts";

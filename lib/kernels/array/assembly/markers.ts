// Types that choose at compile time between variants of one generic function.

/** The smaller or the larger of two: `isSigned<M>()` means the larger. */
export type Least = u8;
export type Most = i8;
/** What becomes of NaN: `isBoolean<N>()` means that it is skipped. */
export type Keep = u8;
export type Skip = bool;

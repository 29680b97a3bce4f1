/** All arguments are addresses in bytes and counts of rows; see ../csv/assembly, vectors.ts, groups.ts and lookups.ts. */
export interface VectorLoops {
  readonly memory: WebAssembly.Memory;
  addVectors: BinaryLoop;
  subVectors: BinaryLoop;
  mulVectors: BinaryLoop;
  divVectors: BinaryLoop;
  touchGroups(groups: number, count: number, states: number, stride: number): void;
  sumGroups: GroupLoop;
  meanGroups: GroupLoop;
  countGroups: GroupLoop;
  momentGroups: GroupLoop;
  extremeGroups(...args: [...GroupArguments, most: boolean]): void;
  rankGroups(...args: [...GroupArguments, n: number, most: boolean]): void;
  comomentGroups(
    groups: number,
    x: number,
    y: number,
    validX: number,
    validY: number,
    count: number,
    states: number,
    stride: number,
  ): void;
  lookUpCodes(codes: number, count: number, table: number, size: number, out: number): number;
  lookUpValues(values: number, count: number, table: number, size: number, out: number): number;
  lookUpPairs(
    left: number,
    right: number,
    count: number,
    table: number,
    bits: number,
    lefts: number,
    out: number,
  ): number;
  dictionaryNew(): number;
  dictionaryFree(dictionary: number): void;
  dictionaryBytes(dictionary: number): number;
  dictionaryCount(dictionary: number): number;
  dictionaryEntries(dictionary: number): number;
  dictionaryPack(dictionary: number, offsets: number, data: number): void;
  codesOfTexts(dictionary: number, ends: number, count: number, out: number): number;
}
type GroupArguments = [
  groups: number,
  values: number,
  valid: number,
  count: number,
  /** Where the state of group 0 begins, and the bytes from one to the next. */
  states: number,
  stride: number,
];
type GroupLoop = (...args: GroupArguments) => void;
type BinaryLoop = (a: number, b: number, out: number, count: number) => void;

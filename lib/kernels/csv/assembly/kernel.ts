// The CSV kernel's entry: what TypeScript (../kernel.ts) may call. Addresses and lengths are in bytes.
export { allocate, release } from "./memory";
export { setDialect, tokenize, tokenizeExact, newlines, quoteOpenedAt } from "./tokenize";
export { isRegular, normalize, normalizedLength, raggedAt, raggedFields, recordsRead } from "./records";
export { setTables } from "./numbers";
export { dictionaryNew, dictionaryFree, dictionaryAlias, dictionaryBytes, dictionaryCount, dictionaryEntries, dictionaryPack } from "./dictionary";
export { decodeIntegers, decodeWide, decodeFloats, decodeBooleans, decodeStrings, nullCount } from "./decode";
export { addVectors, subVectors, mulVectors, divVectors } from "./vectors";
export { codesOfTexts } from "./texts";
export { touchGroups, sumGroups, meanGroups, countGroups, extremeGroups, rankGroups, momentGroups, comomentGroups } from "./groups";
export { lookUpCodes, lookUpValues, lookUpPairs } from "./lookups";

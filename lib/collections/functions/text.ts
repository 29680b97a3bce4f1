import {
  TEXT,
  flagParam,
  flagsParam,
  optional,
  patternParam,
  textParam,
  wholeParam,
  type FunctionSpec,
} from "./spec.ts";

/** Functions of text. Null where an argument is null. */
export const TEXT_FUNCTIONS = {
  lower: { args: [TEXT], result: "string" },
  upper: { args: [TEXT], result: "string" },
  trim: { args: [TEXT], params: [optional(textParam("characters"))], result: "string" },
  trimStart: { args: [TEXT], params: [optional(textParam("characters"))], result: "string" },
  trimEnd: { args: [TEXT], params: [optional(textParam("characters"))], result: "string" },
  length: { args: [TEXT], result: "int64" },
  slice: { args: [TEXT], params: [wholeParam("start"), optional(wholeParam("end"))], result: "string" },
  contains: { args: [TEXT, TEXT], result: "bool" },
  startsWith: { args: [TEXT, TEXT], result: "bool" },
  endsWith: { args: [TEXT, TEXT], result: "bool" },
  matches: { args: [TEXT], params: [patternParam, flagsParam], result: "bool" },
  like: { args: [TEXT], params: [textParam("pattern"), optional(flagParam("ignoreCase"))], result: "bool" },
  extract: { args: [TEXT], params: [patternParam, optional(wholeParam("group", 0)), flagsParam], result: "string" },
  replace: { args: [TEXT, TEXT, TEXT], result: "string" },
  replacePattern: { args: [TEXT], params: [patternParam, textParam("by"), flagsParam], result: "string" },
  splitPart: { args: [TEXT], params: [textParam("separator"), wholeParam("index")], result: "string" },
  splitCount: { args: [TEXT], params: [textParam("separator")], result: "int64" },
  concat: { args: [TEXT], rest: true, result: "string" },
  padStart: { args: [TEXT], params: [wholeParam("width", 0), optional(textParam("fill"))], result: "string" },
  padEnd: { args: [TEXT], params: [wholeParam("width", 0), optional(textParam("fill"))], result: "string" },
} as const satisfies Record<string, FunctionSpec>;

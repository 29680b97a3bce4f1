/**
 * Formats of dates and times, with the directives of C's strftime that Python and DuckDB have too:
 * %Y year, %y its last two digits (69 to 99 are 19…), %m month, %d day, %j day of the year, %H hour, %I hour of twelve, %p AM or PM, %M minute, %S second,
 * %f fraction of a second (six digits; one to nine are read), %L its first three, %b %B month's name, %a %A weekday's name, %u weekday (Monday is 1), %V and %G ISO week and its year,
 * %z offset (+0000), %Z zone (UTC), %s seconds since 1970, %F for %Y-%m-%d, %T for %H:%M:%S, %% for itself. Names are English.
 */
export const DIRECTIVES = "YymdjHIpMSfLbBaAuVGzZsFT%";
/** Those that text may be read by. */
export const READABLE = "YymdjHIpMSfLbBaAzZsFT%";

export const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;

/** A format as texts and directives by turns; %F and %T are resolved. */
export function partsOf(format: string): readonly (string | { readonly directive: string })[] {
  return format
    .replace(/%(.)/gsu, (whole, c: string) => (c === "F" ? "%Y-%m-%d" : c === "T" ? "%H:%M:%S" : whole))
    .split(/(%.)/su)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("%") && part.length > 1 ? { directive: part.slice(1) } : part));
}

/** What is wrong with a format, as what is expected instead. */
export function directiveProblem(format: string): string | undefined {
  for (const part of partsOf(format)) {
    const wrong = typeof part === "string" ? part.endsWith("%") : !DIRECTIVES.includes(part.directive);
    if (wrong) return `a format with the directives ${[...DIRECTIVES].map((c) => `%${c}`).join(" ")}`;
  }
  return undefined;
}

/**
 * Time zones: how far a zone's clocks are from UTC at an instant, from the tables that come with JavaScript (`Intl`, IANA's names).
 *
 * A zone is asked twice for each day that occurs. Where both ends of the day agree, so does all between; otherwise the change is found by halves.
 */
const MS_A_DAY = 86_400_000;

/** `Intl` knows no instants beyond these, in ms: there the last day's clocks are taken. */
const MOST_MS = 8.64e15 - 2 * MS_A_DAY;

/** Whether there is a zone of that name. */
export function isZone(name: string): boolean {
  try {
    return name !== "" && new Intl.DateTimeFormat("en-US", { timeZone: name }) !== undefined;
  } catch {
    // A RangeError: no such zone.
    return false;
  }
}

interface Day {
  /** ms that clocks are ahead of UTC at the day's beginning. */
  readonly before: number;
  /** Where it is `after` from, in ms; Infinity where nothing changes. */
  readonly change: number;
  readonly after: number;
}

export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, Day>();
  #last = NaN;
  #lastDay: Day = { before: 0, change: Infinity, after: 0 };

  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  /** ms that clocks are ahead of UTC at an instant (ms since 1970). */
  offsetAt(ms: number): number {
    const at = Math.max(-MOST_MS, Math.min(MOST_MS, ms));
    const day = Math.floor(at / MS_A_DAY);
    if (day !== this.#last) {
      this.#lastDay = this.#days.get(day) ?? this.#dayOf(day);
      this.#last = day;
    }
    return at < this.#lastDay.change ? this.#lastDay.before : this.#lastDay.after;
  }

  /**
   * The instants at which clocks show a time (ms as if it were UTC): two where they were set back, the first first. None where they were set
   * forward: then what clocks would have shown, had they not been yet.
   */
  instantsOf(shown: number): readonly [number] | readonly [number, number] {
    const [early, late] = [this.offsetAt(shown - MS_A_DAY), this.offsetAt(shown + MS_A_DAY)];
    const [first, second] = [shown - early, shown - late];
    const fits = [first, second].filter((ms) => this.offsetAt(ms) === shown - ms);
    if (fits.length === 2 && first !== second) return first < second ? [first, second] : [second, first];
    return [fits[0] ?? first];
  }

  #dayOf(day: number): Day {
    const [from, to] = [day * MS_A_DAY, (day + 1) * MS_A_DAY];
    const [before, after] = [this.#ask(from), this.#ask(to)];
    let [low, high] = [from, to];
    while (before !== after && high - low > 1_000) {
      const middle = low + Math.floor((high - low) / 2_000) * 1_000;
      if (this.#ask(middle) === before) low = middle;
      else high = middle;
    }
    const made = { before, after, change: before === after ? Infinity : high };
    this.#days.set(day, made);
    return made;
  }

  #ask(ms: number): number {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const { type, value } of this.#format.formatToParts(ms)) parts[type] = value;
    const year = parts.era?.startsWith("B") === true ? 1 - Number(parts.year) : Number(parts.year);
    const shown = new Date(0);
    shown.setUTCFullYear(year, Number(parts.month) - 1, Number(parts.day));
    shown.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
    return shown.getTime() - ms;
  }
}

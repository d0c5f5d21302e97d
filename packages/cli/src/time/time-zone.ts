import { CliError } from "../errors/cli-error.ts";
import { offsetMs } from "./utc-offset.ts";

const DAY_MS = 86_400_000;
const FIXED = /^(Z|UTC|GMT|[+-]\d\d:?\d\d)$/i;

/** Milliseconds since the epoch, or a description of what is expected. */
export type ReadTime =
  | { readonly time: number; readonly expected?: undefined }
  | { readonly time?: undefined; readonly expected: string };

/** A zone for times without one: a fixed offset from UTC, or a named zone with clock changes. */
export class TimeZone {
  readonly #name: string;
  readonly #offsetAt: (instant: number) => number;
  /** Offsets of days without a clock change, by day number. */
  readonly #ofDay = new Map<number, number | undefined>();

  private constructor(name: string, offsetAt: (instant: number) => number) {
    this.#name = name;
    this.#offsetAt = offsetAt;
  }

  /** @throws CliError for an unknown zone */
  static parse(name: string): TimeZone {
    const fixed = FIXED.test(name) ? offsetMs(name) : undefined;
    if (fixed !== undefined) return new TimeZone(name, () => fixed);
    try {
      const format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
      return new TimeZone(name, (instant) => offsetOf(format, instant));
    } catch {
      const expected = "a zone such as UTC, +02:00 or Europe/Berlin";
      throw CliError.usage("--time-zone", expected, JSON.stringify(name));
    }
  }

  /**
   * Returns the moment at which a clock of the zone shows a time.
   *
   * @param wall - the time shown, as if it were UTC
   */
  instant(wall: number): ReadTime {
    const day = Math.floor(wall / DAY_MS);
    if (!this.#ofDay.has(day)) this.#ofDay.set(day, this.#offsetOfDay(day));
    const offset = this.#ofDay.get(day);
    if (offset !== undefined) return { time: wall - offset };
    // The clocks change on this day: try the offsets of the day before and the day after.
    const offsets = new Set([this.#offsetAt(wall - DAY_MS), this.#offsetAt(wall + DAY_MS)]);
    const moments = [...offsets]
      .map((candidate) => wall - candidate)
      .filter((moment) => moment + this.#offsetAt(moment) === wall);
    const [time, another] = moments;
    if (time === undefined)
      return { expected: `a time that exists in ${this.#name} (the clock change skips this one)` };
    if (another !== undefined)
      return { expected: `a time with an offset, because clocks in ${this.#name} show this time twice` };
    return { time };
  }

  #offsetOfDay(day: number): number | undefined {
    const offset = this.#offsetAt((day - 1) * DAY_MS);
    return offset === this.#offsetAt((day + 2) * DAY_MS) ? offset : undefined;
  }
}

/** Parses `GMT+02:00`, or `GMT+00:53:28` for times before time zones existed. */
const offsetOf = (format: Intl.DateTimeFormat, instant: number): number => {
  const name = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours = "0", minutes = "0", seconds = "0"] =
    /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
  return sign === "-" ? -ms : ms;
};

import { expectedTime, isTime } from "@meter-lib/core/wire";
import { CliError } from "../errors/cli-error.ts";
import { readTime } from "../time/read-time.ts";

/** A flag that is a time. */
export const moment =
  (flag: string) =>
  (text: string): number => {
    if (text === "now") return Date.now();
    const isDigits = /^\d+$/.test(text);
    const { time, expected } = isDigits ? readDigits(Number(text)) : readTime(text);
    if (time !== undefined) return time;
    throw CliError.usage(flag, isDigits ? expected : `${expected}, or now`, JSON.stringify(text));
  };

const readDigits = (time: number) => (isTime(time) ? { time } : { expected: expectedTime(time) });

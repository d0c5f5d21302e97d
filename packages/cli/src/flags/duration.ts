import { CliError } from "../errors/cli-error.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Parses `500ms`, `30s`, `5m`, `24h`, `7d` to milliseconds. */
export const duration =
  (flag: string) =>
  (text: string): number => {
    const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
    const factor = UNITS[unit ?? ""];
    if (digits === undefined || factor === undefined)
      throw CliError.usage(flag, "a duration such as 30s, 5m, 24h or 7d", JSON.stringify(text));
    return Number(digits) * factor;
  };

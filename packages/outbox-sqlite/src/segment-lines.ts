import { parseJson } from "./metadata-json.ts";
import type { Identity } from "./packed-events.ts";

/**
 * Takes a text apart that has a line for each event: its place (0, 1, 2 …), a space, and JSON. By their places, the lines of a damaged
 * text still belong to their events; a line that is missing, or of which there are two, is undefined.
 */
export const readLines = (text: string, count: number): readonly (string | undefined)[] => {
  const lines = new Array<string | undefined>(count).fill(undefined);
  const twice: number[] = [];
  for (let from = 0, expected = 0; from < text.length; expected++) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    const prefix = text.startsWith(`${expected} `, from) ? `${expected} ` : prefixOf(text.slice(from, to));
    const place = Number(prefix);
    if (prefix !== "" && place < count) {
      if (lines[place] !== undefined) twice.push(place);
      lines[place] = text.slice(from + prefix.length, to);
    }
    from = to + 1;
  }
  for (const place of twice) lines[place] = undefined;
  return lines;
};

/** The place that a line gives itself, with the space; empty when it has none. */
const prefixOf = (line: string): string => /^\d{1,9} /.exec(line)?.[0] ?? "";

const NUMBERS = [3, 5, 6, 7];

/** The identity in a line, unless the line is damaged. */
export const readIdentity = (line: string | undefined): Identity | undefined => {
  const value = line === undefined ? undefined : parseJson(line);
  return isIdentity(value) ? value : undefined;
};

const isIdentity = (value: unknown): value is Identity =>
  Array.isArray(value) &&
  value.length === 8 &&
  typeof value[0] === "string" &&
  typeof value[1] === "string" &&
  typeof value[2] === "string" &&
  (value[4] === null || typeof value[4] === "number") &&
  NUMBERS.every((column) => Number.isSafeInteger(value[column]));

import { parseJson } from "./metadata-json.ts";
import type { Identity } from "./packed-events.ts";

/**
 * Takes a text apart that has a line for each event: its place (0, 1, 2 …), a space, and JSON. By their places, the lines of a damaged
 * text still belong to their events; a line that is missing, or of which there are two, is undefined.
 */
export const readLines = (text: string, count: number): readonly (string | undefined)[] => {
  const lines = new Array<string | undefined>(count).fill(undefined);
  const twice: number[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const to = end === -1 ? text.length : end;
    const space = text.indexOf(" ", from);
    const digits = text.slice(from, space);
    const place = /^\d{1,9}$/.test(digits) ? Number(digits) : count;
    if (place < count && space < to) {
      if (lines[place] !== undefined) twice.push(place);
      lines[place] = text.slice(space + 1, to);
    }
    from = to + 1;
  }
  for (const place of twice) lines[place] = undefined;
  return lines;
};

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

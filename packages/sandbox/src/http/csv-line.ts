// A spreadsheet takes text that starts like this for a formula, also behind blanks and with full-width signs; ids are what
// clients sent.
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r]/;
// Where the decimal sign is a comma, spreadsheets part cells at semicolons.
const NEEDS_QUOTES = /[",;\t\r\n]/;

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line of CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(cell).join(",")}\r\n`;

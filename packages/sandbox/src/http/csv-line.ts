// Spreadsheets run text that starts like this as a formula, also after blanks and with full-width signs; ids come from
// clients.
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r]/;
// Where the decimal sign is a comma, spreadsheets separate cells by semicolons.
const NEEDS_QUOTES = /[",;\t\r\n]/;

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Returns one line of CSV (RFC 4180). Text that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(cell).join(",")}\r\n`;

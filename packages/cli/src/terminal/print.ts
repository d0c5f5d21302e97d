import type { Output } from "./io.ts";
import { type Line, renderLine, warn } from "./line.ts";

/** Prints lines. All output for people goes through here. */
export const printLines = async (output: Output, lines: readonly Line[]): Promise<void> => {
  if (lines.length > 0)
    await output.write(lines.map((line) => `${renderLine(line, output.coloured)}\n`).join(""));
};

export const printLine = (output: Output, line: Line): Promise<void> => printLines(output, [line]);

/** Prints a warning that does not stop the command. */
export const printWarning = (output: Output, message: string): Promise<void> =>
  printLine(output, [warn("warning"), `: ${message}`]);

/** Prints a value as JSON, for programs. */
export const printJson = (output: Output, value: unknown, indent?: number): Promise<void> =>
  output.write(`${escapeControls(JSON.stringify(value, undefined, indent))}\n`);

/** Prints one JSON object per line (NDJSON). */
export const printJsonLines = (output: Output, values: readonly unknown[]): Promise<void> =>
  output.write(values.map((value) => `${escapeControls(JSON.stringify(value))}\n`).join(""));

/** Escapes the control characters that JSON and JavaScript leave unescaped in quoted text. */
export const escapeControls = (text: string): string =>
  text.replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

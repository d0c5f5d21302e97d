import type { Output } from "./io.ts";
import { type Line, renderLine, warn } from "./line.ts";

/** Writes lines. All that commands say to people goes through here. */
export const printLines = async (output: Output, lines: readonly Line[]): Promise<void> => {
  if (lines.length > 0)
    await output.write(lines.map((line) => `${renderLine(line, output.coloured)}\n`).join(""));
};

export const printLine = (output: Output, line: Line): Promise<void> => printLines(output, [line]);

/** Something that a person should know and that stops nothing. */
export const printWarning = (output: Output, message: string): Promise<void> =>
  printLine(output, [warn("warning"), `: ${message}`]);

/** Writes a value as JSON, for programs. */
export const printJson = (output: Output, value: unknown, indent?: number): Promise<void> =>
  output.write(`${escapeControls(JSON.stringify(value, undefined, indent))}\n`);

/** Writes an object per line (NDJSON). */
export const printJsonLines = (output: Output, values: readonly unknown[]): Promise<void> =>
  output.write(values.map((value) => `${escapeControls(JSON.stringify(value))}\n`).join(""));

/** Text in which quoted text may hold any control character, with those escaped that JSON and JavaScript leave as they are. */
export const escapeControls = (text: string): string =>
  text.replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

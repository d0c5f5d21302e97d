import { styleText } from "node:util";
import { printable } from "./printable.ts";

const STYLES = { good: "green", warn: "yellow", bad: "red", bold: "bold", dim: "dim" } as const;

/** A piece of a line, with a style. */
export interface Styled {
  readonly style: keyof typeof STYLES;
  readonly text: string;
}

/** A line to print. It stays one line, and control characters in its pieces are not written. */
export type Line = string | Styled | readonly (string | Styled)[];

export const good = (text: string): Styled => ({ style: "good", text });
export const warn = (text: string): Styled => ({ style: "warn", text });
export const bad = (text: string): Styled => ({ style: "bad", text });
export const bold = (text: string): Styled => ({ style: "bold", text });
export const dim = (text: string): Styled => ({ style: "dim", text });

/** Renders a line, without its end. The only place where styles become escape sequences. */
export const renderLine = (line: Line, coloured: boolean): string =>
  (Array.isArray(line) ? line : [line]).map((piece) => renderPiece(piece, coloured)).join("");

const renderPiece = (piece: string | Styled, coloured: boolean): string => {
  if (typeof piece === "string") return printable(piece);
  const text = printable(piece.text);
  return coloured ? styleText(STYLES[piece.style], text, { validateStream: false }) : text;
};

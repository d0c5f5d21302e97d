import { styleText } from "node:util";

/** Colours a text, or leaves it as it is. */
export interface Paint {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

type Style = Parameters<typeof styleText>[0];

const styled =
  (style: Style) =>
  (text: string): string =>
    styleText(style, text, { validateStream: false });

const plain = (text: string): string => text;

const COLOURED: Paint = {
  good: styled("green"),
  warn: styled("yellow"),
  bad: styled("red"),
  bold: styled("bold"),
  dim: styled("dim"),
};

const PLAIN: Paint = { good: plain, warn: plain, bad: plain, bold: plain, dim: plain };

export const paint = (coloured: boolean): Paint => (coloured ? COLOURED : PLAIN);

/**
 * Whether to use colours: `FORCE_COLOR` (https://force-color.org) wins over `NO_COLOR` (https://no-color.org), both over
 * whether it is a terminal.
 */
export const wantsColour = (isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean => {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return isTTY && TERM !== "dumb";
};

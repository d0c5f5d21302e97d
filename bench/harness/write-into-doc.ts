import { readFileSync, writeFileSync } from "node:fs";
import { UsageError } from "./settings.ts";

/** Puts text between the two comments of a measure, in place of what stands there. */
export const writeIntoDoc = (path: string, measure: string, text: string): void => {
  const start = `<!-- bench ${measure} -->`;
  const end = `<!-- end of bench ${measure} -->`;
  const content = readFileSync(path, "utf8");
  const from = content.indexOf(start);
  const to = content.indexOf(end);
  if (from === -1 || to < from) throw new UsageError(`${path}: expected the comments ${start} and ${end}`);
  writeFileSync(path, `${content.slice(0, from + start.length)}\n\n${text}\n\n${content.slice(to)}`);
};

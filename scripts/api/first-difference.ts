/** Where two texts part, in three lines of each. */
export const firstDifference = (recorded: string, now: string): string => {
  const before = recorded.split("\n");
  const after = now.split("\n");
  const at = after.findIndex((line, index) => line !== before[index]);
  const line = at < 0 ? after.length : at;
  const show = (lines: readonly string[], sign: string) =>
    lines.slice(line, line + 3).map((text) => `  ${sign} ${text}`);
  return [`  line ${line + 1}`, ...show(before, "-"), ...show(after, "+")].join("\n");
};

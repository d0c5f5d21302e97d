import { type Shell, shellScript } from "../complete/shell-script.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";

/** The script for a shell. */
export const completion = async (shell: Shell): Promise<Report> => {
  const script = shellScript(shell);
  return { exit: EXIT.done, lines: script.trimEnd().split("\n"), data: { shell, script } };
};

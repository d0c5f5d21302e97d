import type { Command } from "commander";
import { candidates } from "../complete/candidates.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import type { Report } from "../terminal/report.ts";

/** Serves the scripts of `meter completion`. */
const complete = async (program: Command, words: readonly string[]): Promise<Report> => {
  const { words: found, files } = candidates(program, words);
  const lines = found.map(({ word, description }) => (description === "" ? word : `${word}\t${description}`));
  return {
    exit: EXIT.done,
    lines: [...lines, ...(files ? [":files"] : [])],
    data: { words: found, files },
  };
};

export const completeCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("[words...]")
    .action((words: readonly string[]) => invoke(command, () => complete(command.parent ?? command, words)));

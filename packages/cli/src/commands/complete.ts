import { Command } from "commander";
import { candidates } from "../complete/candidates.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";

/** Answers the scripts of `meter completion`. */
export const complete = async (program: Command, words: readonly string[]): Promise<Report> => {
  const { words: found, files } = candidates(program, words);
  const lines = found.map(({ word, description }) => `${word}\t${description}`);
  return {
    exit: EXIT.done,
    text: [...lines, ...(files ? [":files"] : [])].join("\n"),
    data: { words: found, files },
  };
};

/** @param program - the whole program, once all its commands are there */
export const completeCommand = (invoke: Invoke, program: () => Command): Command =>
  new Command("complete")
    .description("what may stand at the end of a line")
    .argument("[words...]")
    .action((words: readonly string[], _flags: unknown, command: Command) =>
      invoke(command, () => complete(program(), words)),
    );

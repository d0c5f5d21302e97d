import { Command } from "commander";
import type { Invoke } from "../invoke.ts";

/** @param program - the whole program, once all its commands are there */
export const completeCommand = (invoke: Invoke, program: () => Command): Command =>
  new Command("complete")
    .description("what may stand at the end of a line")
    .argument("[words...]")
    .action((words: readonly string[], _flags: unknown, command: Command) =>
      invoke(command, async () => (await import("../commands/complete.ts")).complete(program(), words)),
    );

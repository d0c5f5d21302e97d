import { Command } from "commander";
import type { Invoke } from "../invoke.ts";

export const catalogCheckCommand = (invoke: Invoke): Command =>
  new Command("check")
    .description("say what is wrong with a catalog, line by line")
    .argument("<file>", "YAML, JSON or a module")
    .addHelpText(
      "after",
      `
Example:
  $ meter catalog check meters.yaml`,
    )
    .action((file: string, _flags: unknown, command: Command) =>
      invoke(command, async () => (await import("../commands/catalog-check.ts")).catalogCheck(file)),
    );

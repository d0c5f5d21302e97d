import { Command } from "commander";
import { BUILT_IN } from "../catalog/built-in.ts";
import type { Invoke } from "../invoke.ts";

export const catalogListCommand = (invoke: Invoke): Command =>
  new Command("list")
    .description("show the meters of a catalog")
    .argument("[file]", "YAML, JSON or a module; litewave is the catalog that comes with meter-lib", BUILT_IN)
    .addHelpText(
      "after",
      `
Examples:
  $ meter catalog list
  $ meter catalog list meters.yaml --json`,
    )
    .action((file: string, _flags: unknown, command: Command) =>
      invoke(command, async () => (await import("../commands/catalog-list.ts")).catalogList(file)),
    );

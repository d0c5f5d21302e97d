import { Command } from "commander";
import type { Invoke } from "../invoke.ts";

export const catalogDiffCommand = (invoke: Invoke): Command =>
  new Command("diff")
    .description("say which changes between two catalogs break callers or bills")
    .argument("<before>", "YAML, JSON, a module, or litewave")
    .argument("<after>", "the same")
    .addHelpText(
      "after",
      `
Ends with 4 when a change breaks something: for a check before a merge.

Examples:
  $ meter catalog diff litewave meters.yaml
  $ git show main:meters.yaml > before.yaml && meter catalog diff before.yaml meters.yaml`,
    )
    .action((before: string, after: string, _flags: unknown, command: Command) =>
      invoke(command, async () => (await import("../commands/catalog-diff.ts")).catalogDiff(before, after)),
    );

import { Command } from "commander";
import type { Invoke } from "../run-meter.ts";

export const catalogDiffCommand = (invoke: Invoke): Command =>
  new Command("diff")
    .description("say which changes between two catalogs break callers or bills")
    .argument("<before>", "YAML, JSON, a module, or litewave")
    .argument("<after>", "the same")
    .addHelpText("after", "\nEnds with 4 when a change breaks something: for a check before a merge.")
    .action((before: string, after: string, _flags: unknown, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/catalog-diff.ts")).catalogDiff(before, after, io),
      ),
    );

import { Command } from "commander";
import type { ReconcileFlags } from "../commands/reconcile.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";

export const reconcileCommand = (invoke: Invoke): Command =>
  new Command("reconcile")
    .description("compare what an outbox recorded with what a sandbox counted")
    .argument("<file>", "an outbox")
    .option("--base-url <url>", "the sandbox [METER_LIB_BASE_URL]")
    .option("--from <time>", "only usage from then on", moment("--from"))
    .option("--to <time>", "only usage before", moment("--to"))
    .addHelpText(
      "after",
      `
Ends with 4 when the two differ.

Examples:
  $ meter reconcile outbox.db
  $ meter reconcile outbox.db --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json`,
    )
    .action((file: string, flags: ReconcileFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/reconcile.ts")).reconcile(file, flags, io)),
    );

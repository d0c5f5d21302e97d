import { Command, Option } from "commander";
import type { TailFlags } from "../commands/tail.ts";
import { count } from "../flags/count.ts";
import type { Invoke } from "../invoke.ts";

const STATES = ["accepted", "duplicate", "conflict", "refused"];

export const tailCommand = (invoke: Invoke): Command =>
  new Command("tail")
    .description("print what a sandbox receives, as it comes in")
    .option("--base-url <url>", "the sandbox [METER_LIB_BASE_URL]")
    .option("--tenant <id>", "only this tenant's")
    .option("--meter <id>", "only of this meter")
    .addOption(new Option("--state <state>", "only these").choices(STATES))
    .option("--since <number>", "start behind this number of the log; 0 for its beginning", count("--since"))
    .option("--count <number>", "end after so many events", count("--count", 1))
    .addHelpText(
      "after",
      `
A sandbox that is away for a while is waited for; nothing of its log is left out.

Examples:
  $ meter tail --state refused
  $ meter tail --since 0 --json | jq .event_id`,
    )
    .action((flags: TailFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/tail.ts")).tail(flags, io)),
    );

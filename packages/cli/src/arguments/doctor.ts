import { Command } from "commander";
import type { DoctorFlags } from "../commands/doctor.ts";
import { withConnection } from "../flags/connection-flags.ts";
import type { Invoke } from "../invoke.ts";

export const doctorCommand = (invoke: Invoke): Command =>
  withConnection(
    new Command("doctor")
      .description("check backend, dialect, clock, customer lookup, credentials and deduplication")
      .optionsGroup("Options:")
      .option("--tenant <id>", "also look up this tenant's customer")
      .option("--send", "also post an event of 0 units twice, to see whether an id is counted once"),
  )
    .addHelpText(
      "after",
      `
Ends with 4 when a check fails.

Examples:
  $ meter doctor --base-url http://127.0.0.1:8099
  $ meter doctor --tenant tenant_123 --send`,
    )
    .action((flags: DoctorFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/doctor.ts")).doctor(flags, io)),
    );

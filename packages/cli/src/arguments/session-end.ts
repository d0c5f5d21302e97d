import { Command } from "commander";
import type { SessionEndFlags } from "../commands/session-end.ts";
import { withConnection, withDedup } from "../flags/connection-flags.ts";
import { withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";

export const sessionEndCommand = (invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(new Command("end").description("send the end of a session"))
        .requiredOption("--session <id>", "the id that meter session start printed")
        .option("--at <time>", "when it ended; else now", moment("--at")),
    ),
  )
    .addHelpText(
      "after",
      `
Example:
  $ meter session end --tenant tenant_123 --device web-1 --meter chat.on.time_hours --session 019a…`,
    )
    .action((flags: SessionEndFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/session-end.ts")).sessionEnd(flags, io)),
    );

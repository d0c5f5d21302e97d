import { Command } from "commander";
import type { SessionStartFlags } from "../commands/session-start.ts";
import { withConnection, withDedup } from "../flags/connection-flags.ts";
import { withSubject } from "../flags/event-flags.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";

export const sessionStartCommand = (invoke: Invoke): Command =>
  withDedup(
    withConnection(
      withSubject(
        new Command("start").description("send the start of a session; prints the session's id for its end"),
      )
        .option("--at <time>", "when it began; else now", moment("--at"))
        .option("--session <id>", "the session's id; else a new one"),
    ),
  )
    .addHelpText(
      "after",
      `
Example:
  $ meter session start --tenant tenant_123 --device web-1 --meter chat.on.time_hours`,
    )
    .action((flags: SessionStartFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/session-start.ts")).sessionStart(flags, io)),
    );

import { Command } from "commander";
import type { Invoke } from "../invoke.ts";
import { sessionEndCommand } from "./session-end.ts";
import { sessionStartCommand } from "./session-start.ts";

export const sessionCommand = (invoke: Invoke): Command =>
  new Command("session")
    .description("send the two ends of a session (AI enabled, AI disabled)")
    .addHelpText(
      "after",
      `
Example:
  $ meter session start --tenant tenant_123 --device web-1 --meter chat.on.time_hours
  Accepted by the backend.
  session 019a…
  $ meter session end --tenant tenant_123 --device web-1 --meter chat.on.time_hours --session 019a…`,
    )
    .addCommand(sessionStartCommand(invoke))
    .addCommand(sessionEndCommand(invoke));

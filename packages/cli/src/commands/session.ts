import type { Command } from "commander";

export const sessionCommand = (command: Command): Command =>
  command.addHelpText(
    "after",
    `
Example:
  $ meter session start --tenant tenant_123 --device web-1 --meter chat.on.time_hours
  Accepted by the backend.
  session 019a…
  $ meter session end --tenant tenant_123 --device web-1 --meter chat.on.time_hours --session 019a…`,
  );

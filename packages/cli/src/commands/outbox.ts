import type { Command } from "commander";

export const outboxCommand = (command: Command): Command =>
  command.addHelpText(
    "after",
    `
Examples:
  $ meter outbox list outbox.db --state rejected
  $ meter outbox redrive outbox.db --state rejected --all
  $ meter outbox drain outbox.db --dedup 7d
  $ meter outbox list postgres://app@localhost/shop`,
  );

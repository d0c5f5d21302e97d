import { Command } from "commander";
import type { SandboxFlags } from "../commands/sandbox.ts";
import { count } from "../flags/count.ts";
import { list, pairs } from "../flags/pair.ts";
import type { Invoke } from "../invoke.ts";

export const sandboxCommand = (invoke: Invoke): Command =>
  new Command("sandbox")
    .description("run a metering backend with a dashboard on this machine")
    .option("--port <number>", "0 picks a free one", count("--port", 0, 65_535), 0)
    .option(
      "--host <address>",
      "where to listen; 0.0.0.0 lets other machines in: then every request needs the token in the printed URL",
      "127.0.0.1",
    )
    .option("--open", "open the dashboard in the browser")
    .option("--file <file>", "SQLite file to keep everything in; else memory")
    .option(
      "--outbox <file>",
      "outbox of your app: the dashboard shows its dead letters and compares; may be repeated",
      list,
    )
    .option(
      "--tenant <tenant=customer>",
      "a tenant and the customer who pays for it; may be repeated",
      pairs("--tenant", "tenant=customer"),
    )
    .option("--api-key <key>", "a key that the portal's lookup asks for; may be repeated", list)
    .option("--catalog <file>", "the meters it knows; else litewave")
    .addHelpText(
      "after",
      `
Examples:
  $ meter sandbox --port 8099 --file usage.db --tenant tenant_123=cust_001 --open
  $ meter sandbox --outbox outbox.db --open`,
    )
    .action((flags: SandboxFlags, command: Command) =>
      invoke(command, async (io) => (await import("../commands/sandbox.ts")).sandbox(flags, io)),
    );

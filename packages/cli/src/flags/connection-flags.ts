import { type Command, Option } from "commander";
import { duration } from "./duration.ts";

/** The backend; what is missing is read from the environment. */
export interface ConnectionFlags {
  readonly baseUrl?: string;
  readonly lookupUrl?: string;
  readonly apiKey?: string;
  readonly dialect?: "events" | "kafka-rest";
  readonly lookupRoute?: "internal-v1" | "internal" | "portal-key" | "portal";
  /** How long the receiver counts an id once, in milliseconds. */
  readonly dedup?: number;
}

const GROUP = "Backend:";

const options = (): readonly Option[] => [
  new Option("--base-url <url>", "base URL for events [METER_LIB_BASE_URL]"),
  new Option(
    "--lookup-url <url>",
    "base URL of the customer lookup [METER_LIB_LOOKUP_URL, default: the base URL]",
  ),
  new Option(
    "--api-key <key>",
    "API key of the customer lookup; prefer METER_LIB_API_KEY, which does not appear in process lists",
  ),
  new Option("--dialect <name>", "dialect of the backend [METER_LIB_DIALECT, default: events]").choices([
    "events",
    "kafka-rest",
  ]),
  new Option("--lookup-route <name>", "route of the customer lookup [METER_LIB_LOOKUP_ROUTE]").choices([
    "internal-v1",
    "internal",
    "portal-key",
    "portal",
  ]),
];

/** Adds the flags that describe the backend. */
export const withConnection = (command: Command): Command =>
  options().reduce((all, option) => all.addOption(option.helpGroup(GROUP)), command);

/** Adds `--dedup`, for commands that may send an event twice. */
export const withDedup = (command: Command): Command =>
  command.addOption(
    new Option(
      "--dedup <duration>",
      "how long the backend counts an id once (24h, 7d); ambiguous events are then sent again instead of quarantined",
    )
      .argParser(duration("--dedup"))
      .helpGroup(GROUP),
  );

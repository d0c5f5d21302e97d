import { type Command, Option } from "commander";
import { duration } from "./duration.ts";

/** Where the backend is; what is left out is read from the environment. */
export interface ConnectionFlags {
  readonly baseUrl?: string;
  readonly lookupUrl?: string;
  readonly apiKey?: string;
  readonly dialect?: "events" | "kafka-rest";
  readonly lookupRoute?: "internal-v1" | "internal" | "portal-key" | "portal";
  /** Milliseconds for which the receiver counts an id once. */
  readonly dedup?: number;
}

const GROUP = "Backend:";

const options = (): readonly Option[] => [
  new Option("--base-url <url>", "where events go [METER_LIB_BASE_URL]"),
  new Option("--lookup-url <url>", "where customers are looked up; else the base URL [METER_LIB_LOOKUP_URL]"),
  new Option(
    "--api-key <key>",
    "key of the customer lookup; better as METER_LIB_API_KEY, which no process list shows",
  ),
  new Option("--dialect <name>", "what the backend speaks; else events [METER_LIB_DIALECT]").choices([
    "events",
    "kafka-rest",
  ]),
  new Option("--lookup-route <name>", "which lookup the backend has [METER_LIB_LOOKUP_ROUTE]").choices([
    "internal-v1",
    "internal",
    "portal-key",
    "portal",
  ]),
];

/** Adds the flags that say where the backend is. */
export const withConnection = (command: Command): Command =>
  options().reduce((all, option) => all.addOption(option.helpGroup(GROUP)), command);

/** Adds `--dedup`, for commands that may have to send an event twice. */
export const withDedup = (command: Command): Command =>
  command.addOption(
    new Option(
      "--dedup <duration>",
      "the backend counts an id once for so long (24h, 7d): events that may have been counted are then sent again, else quarantined",
    )
      .argParser(duration("--dedup"))
      .helpGroup(GROUP),
  );

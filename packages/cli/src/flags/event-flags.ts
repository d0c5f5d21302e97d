import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { count } from "./count.ts";
import { moment } from "./moment.ts";
import { pairs } from "./pair.ts";

/** Whom and what an event is about. */
export interface SubjectFlags {
  readonly tenant: string;
  readonly device: string;
  readonly meter: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly catalog?: string;
  readonly record?: string;
}

/** One event. */
export interface EventFlags extends SubjectFlags {
  readonly usage?: number;
  readonly start?: number;
  readonly end?: number;
  readonly time?: number;
  readonly id?: string;
  readonly session?: string;
  readonly dryRun?: boolean;
}

const GROUP = "Event:";

/** Adds the flags that say whom and what an event is about, and where it goes through. */
export const withSubject = (command: Command): Command =>
  command
    .optionsGroup(GROUP)
    .requiredOption("--tenant <id>", "who used it")
    .requiredOption("--device <id>", "where it was used")
    .requiredOption("--meter <id>", "what was used; see meter catalog list")
    .option(
      "--metadata <name=value>",
      "text that travels beside the event; may be repeated",
      pairs("--metadata", "name=value"),
    )
    .optionsGroup("Options:")
    .option("--catalog <file>", "the meters that exist: YAML, JSON or a module; else litewave")
    .option("--record <file>", "go through an outbox in this file: what cannot be delivered now waits in it");

/** Adds the flags of a whole event. */
export const withEvent = (command: Command): Command =>
  withSubject(command)
    .optionsGroup(GROUP)
    .option("--usage <units>", "units used, on volume meters", count("--usage"))
    .option("--start <time>", "when it began, on performance meters", moment("--start"))
    .option("--end <time>", "when it ended, on performance meters", moment("--end"))
    .option("--time <time>", "when it was used; else now", moment("--time"))
    .option("--id <id>", "the event's id: the same one is counted once; else a new one", someText("--id"))
    .option("--session <id>", "ties the two ends of a session together", someText("--session"))
    .optionsGroup("Options:");

const someText =
  (flag: string) =>
  (text: string): string => {
    if (text === "") throw CliError.usage(flag, "text", '""');
    return text;
  };

/** The event that the flags describe, as a client takes it. */
export const eventOf = (flags: EventFlags) => ({
  tenant_id: flags.tenant,
  device_id: flags.device,
  meter_id: flags.meter,
  total_usage: flags.usage,
  start_time: flags.start,
  end_time: flags.end,
  event_time: flags.time,
  event_id: flags.id,
  session_id: flags.session,
  metadata: flags.metadata,
});

/** What a field of an event is called here. */
export const EVENT_FLAGS: Readonly<Record<string, string>> = {
  tenant_id: "--tenant",
  device_id: "--device",
  meter_id: "--meter",
  total_usage: "--usage",
  start_time: "--start",
  end_time: "--end",
  event_time: "--time",
  event_id: "--id",
  session_id: "--session",
  metadata: "--metadata",
};

import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { count } from "./count.ts";
import { moment } from "./moment.ts";
import { pairs } from "./pair.ts";

/** Tenant, device and meter of an event. */
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

/** Adds the flags for tenant, device and meter, and for the outbox. */
export const withSubject = (command: Command): Command =>
  command
    .optionsGroup(GROUP)
    .requiredOption("--tenant <id>", "tenant whose usage it is")
    .requiredOption("--device <id>", "device that reports it")
    .requiredOption("--meter <id>", "meter; see meter catalog list")
    .option(
      "--metadata <name=value>",
      "text sent with the event; repeatable",
      pairs("--metadata", "name=value"),
    )
    .optionsGroup("Options:")
    .option("--catalog <file>", "catalog file: YAML, JSON or a module (default: litewave)")
    .option(
      "--record <file>",
      "record the event in this outbox file first; what cannot be delivered now stays there",
    );

/** Adds the flags of a complete event. */
export const withEvent = (command: Command): Command =>
  withSubject(command)
    .optionsGroup(GROUP)
    .option("--usage <units>", "units used, for volume meters", count("--usage"))
    .option("--start <time>", "when the work started, for performance meters", moment("--start"))
    .option("--end <time>", "when the work ended, for performance meters", moment("--end"))
    .option("--time <time>", "time of use (default: now)", moment("--time"))
    .option("--id <id>", "event id; the same id is counted once (default: a new one)", someText("--id"))
    .option("--session <id>", "session id that links start and end", someText("--session"))
    .optionsGroup("Options:");

const someText =
  (flag: string) =>
  (text: string): string => {
    if (text === "") throw CliError.usage(flag, "text", '""');
    return text;
  };

/** Returns the event that the flags describe. */
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

/** The flag for a field of an event. */
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

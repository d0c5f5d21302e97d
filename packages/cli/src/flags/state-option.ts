import { Option } from "commander";

/** The states of events that an outbox keeps. */
export const KEPT_STATES = ["pending", "inflight", "rejected", "quarantined"] as const;

/** The option `--state`, which selects events by one of these states. */
export const stateOption = (states: readonly string[]): Option =>
  new Option("--state <state>", "only events in this state").choices(states);

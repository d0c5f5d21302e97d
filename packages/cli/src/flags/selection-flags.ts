import type { OutboxSelection } from "@meter-lib/core/store";
import { type Command, Option } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { list } from "./pair.ts";

/** Selects dead letters. */
export interface SelectionFlags {
  readonly state: "rejected" | "quarantined";
  readonly tenant?: string;
  readonly id?: readonly string[];
  readonly all?: boolean;
}

/** Adds the flags that select dead letters. */
export const withSelection = (command: Command): Command =>
  command
    .addOption(
      new Option("--state <state>", "state of the events")
        .choices(["rejected", "quarantined"])
        .makeOptionMandatory(),
    )
    .option("--id <id>", "this event; repeatable", list)
    .option("--tenant <id>", "this tenant's events")
    .option("--all", "all events in this state");

/** @throws CliError if nothing is selected */
export const selectionOf = ({ state, tenant, id, all }: SelectionFlags): OutboxSelection => {
  const isNamed = tenant !== undefined || id !== undefined;
  if (!isNamed && all !== true) throw CliError.usage("--all", "--id, --tenant or --all", "none of them");
  if (isNamed && all === true) throw CliError.usage("--all", "either --all, or --id and --tenant", "both");
  return { state, tenant_id: tenant, event_ids: id };
};

import process from "node:process";
import { MeterError } from "@meter-lib/core";

// An import would fail on an older Node with the words "No such built-in module".
const sqlite = process.getBuiltinModule?.("node:sqlite");
if (sqlite === undefined)
  throw MeterError.fromIssues("invalid_options", [
    {
      field: "runtime",
      given: `Node ${process.versions.node}`,
      expected: "Node 22.18 or newer, for node:sqlite",
    },
  ]);

export const { DatabaseSync } = sqlite;

import type { Command } from "commander";
import type { Io } from "./terminal/io.ts";
import type { Report } from "./terminal/report.ts";

/** Runs the action of a command after its arguments are parsed. */
export type Invoke = (command: Command, work: (io: Io) => Promise<Report>) => Promise<void>;

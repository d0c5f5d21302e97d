import type { Command } from "commander";
import type { Report } from "./report.ts";
import type { Io } from "./terminal/io.ts";

/** Runs the work of a command, once its arguments are read. */
export type Invoke = (command: Command, work: (io: Io) => Promise<Report>) => Promise<void>;

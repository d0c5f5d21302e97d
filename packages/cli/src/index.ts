export { EXIT, EXIT_MEANINGS, type ExitCode } from "./errors/exit-code.ts";
export { runMeter } from "./run-meter.ts";
export type { Io, Output } from "./terminal/io.ts";

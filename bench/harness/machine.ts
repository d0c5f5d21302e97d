import { cpus, loadavg, totalmem } from "node:os";

/** What must be known about a machine to judge its figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly date: string;
  /** Processes that wanted to run in the last minute, before the first reading. Above the number of cores, nothing is worth much. */
  readonly load: number;
}

export const machineFacts = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  system: `${process.platform} ${process.arch}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 16).replace("T", " "),
  load: Number((loadavg()[0] ?? 0).toFixed(1)),
});

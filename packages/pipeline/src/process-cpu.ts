import { readdirSync, readFileSync } from "node:fs";

// The kernel's USER_HZ, the same on every Linux.
const TICKS_PER_SECOND = 100;

interface Reading {
  readonly parent: number;
  readonly seconds: number;
}

/** Fields of /proc/PID/stat: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const readingOf = (pid: number): Reading | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it may contain blanks.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    // Its own, and those of children that ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
};

/** Seconds of processor time that a process and its children have taken since they began. */
export const cpuSeconds = (pid: number): number => {
  let sum = readingOf(pid)?.seconds ?? 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const reading = readingOf(Number(name));
    if (reading?.parent === pid) sum += reading.seconds;
  }
  return sum;
};

import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const newest = (folder: string): number =>
  Math.max(0, ...readdirSync(folder).map((name) => Number(/^owner\.(\d+)$/.exec(name)?.[1] ?? 0)));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is alive, and somebody else's.
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
};

/**
 * Takes a folder for this process; returns how to give it back. The file `owner.N` with the highest N names the process that has it. To
 * take over from one that has ended is to create N + 1, and a file is created by one process only.
 */
export const takeFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true });
  const last = newest(folder);
  const owner = last === 0 ? "" : readFileSync(join(folder, `owner.${last}`), "utf8");
  if (owner !== "" && isAlive(Number(owner))) throw new Error(`${folder} is in use by process ${owner}`);
  const own = join(folder, `owner.${last + 1}`);
  writeFileSync(own, String(process.pid), { flag: "wx" });
  if (newest(folder) !== last + 1) throw new Error(`${folder} was taken by another process just now`);
  if (last > 0) unlinkSync(join(folder, `owner.${last}`));
  return () => writeFileSync(own, "");
};

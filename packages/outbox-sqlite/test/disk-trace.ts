import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a process did to a file. `synced`: all before it is on the disk, whatever happens. */
export type DiskStep =
  | { readonly step: "write"; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly step: "truncate"; readonly path: string; readonly size: number }
  | { readonly step: "synced"; readonly path: string };

/** Whether strace is here and may be used. */
export const canTrace = (): boolean => spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

/** Runs a script under strace and answers what it did to some files, in order. */
export const traceDisk = (
  args: readonly string[],
  paths: readonly string[],
  log: string,
): readonly DiskStep[] => {
  spawnSync(
    "strace",
    [
      ...[
        "-f",
        "-y",
        "-xx",
        "-s",
        "10000000",
        "-o",
        log,
        "-e",
        "trace=write,pwrite64,fsync,fdatasync,ftruncate",
      ],
      ...paths.flatMap((path) => ["-P", path]),
      ...[process.execPath, "--conditions=source", ...args],
    ],
    { stdio: "ignore" },
  );
  return readFileSync(log, "latin1").split("\n").flatMap(parseLine);
};

// 1234 pwrite64(21<\x2f…>, "\x53\x51…", 4096, 8192) = 4096
const CALL = /^\d+ +(\w+)\(\d+<([^>]*)>(?:, (.*))?\) = (-?\d+)/;

const fromHex = (text: string): Buffer => Buffer.from(text.replaceAll("\\x", ""), "hex");

const parseLine = (line: string): readonly DiskStep[] => {
  const call = CALL.exec(line);
  if (call === null) {
    if (line.includes("unfinished") || line.includes("resumed"))
      throw new Error(`a call in two parts: ${line.slice(0, 80)}`);
    return [];
  }
  const [, name = "", file = "", args = "", result = ""] = call;
  const path = file.startsWith("\\x") ? fromHex(file).toString() : file;
  if (Number(result) < 0) return [];
  switch (name) {
    case "fsync":
    case "fdatasync":
      return [{ step: "synced", path }];
    case "ftruncate":
      return [{ step: "truncate", path, size: Number(args) }];
    default: {
      const [, hex = "", , offset = "-1"] = /^"([^"]*)", (\d+)(?:, (\d+))?$/.exec(args) ?? [];
      return [{ step: "write", path, offset: Number(offset), bytes: fromHex(hex) }];
    }
  }
};

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/meter-lib/", import.meta.url));

/** Why no Java program can be run here; undefined when it can. */
export const whyNoJava = async (): Promise<string | undefined> => {
  for (const [program, flag] of [
    ["java", "-version"],
    ["javac", "-version"],
    ["mvn", "-version"],
  ] as const) {
    try {
      await run(program, [flag]);
    } catch {
      return `needs ${program} on the PATH (a JDK 17 or newer, and Maven)`;
    }
  }
  return undefined;
};

/**
 * The folder with the jars that a pom names, fetched from Maven Central on the first call.
 * @param pom - an absolute path
 * @param name - of the folder in the cache; change it when the versions change
 */
export const fetchJars = async (pom: string, name: string): Promise<string> => {
  const folder = path.join(CACHE, name);
  if (existsSync(folder)) return folder;
  // Two processes may fetch at once: each into its own folder, the first to be done wins.
  const scratch = `${folder}.${process.pid}`;
  await mkdir(scratch, { recursive: true });
  await cp(pom, path.join(scratch, "pom.xml"));
  const goals = ["dependency:copy-dependencies", "-DoutputDirectory=jars", "-DincludeScope=runtime"];
  await run("mvn", ["-q", "-B", "-ntp", ...goals], { cwd: scratch });
  try {
    await rename(path.join(scratch, "jars"), folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
  await rm(scratch, { recursive: true, force: true });
  return folder;
};

export const classPathOf = (folder: string): string => path.join(folder, "*");

import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeOnce } from "../../../scripts/test/make-once.ts";

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
  // One at a time: Maven's own store is not made for two processes.
  await makeOnce(folder, async (jars) => {
    const project = await mkdtemp(path.join(tmpdir(), "meter-maven-"));
    try {
      await cp(pom, path.join(project, "pom.xml"));
      const goals = ["dependency:copy-dependencies", `-DoutputDirectory=${jars}`, "-DincludeScope=runtime"];
      await run("mvn", ["-q", "-B", "-ntp", ...goals], { cwd: project });
    } finally {
      await rm(project, { recursive: true, force: true });
    }
  });
  return folder;
};

export const classPathOf = (folder: string): string => path.join(folder, "*");

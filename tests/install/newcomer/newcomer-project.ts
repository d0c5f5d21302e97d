import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import type { GuideStep } from "./guide-steps.ts";

/** An empty folder of somebody with an empty home, and what runs in it. */
export interface NewcomerProject extends AsyncDisposable {
  /** Does a step; answers what it printed. Rejects when a command fails, or one that is to be left running ends. */
  take(step: GuideStep): Promise<string>;
}

const STARTED = /https?:\/\//;

/**
 * @param registry - where npm installs from
 * @param variables - of the environment, which the guide has its reader set
 */
export const newcomerProject = (
  registry: string,
  variables: Readonly<Record<string, string>>,
): NewcomerProject => {
  const home = mkdtempSync(join(tmpdir(), "meter-lib-newcomer-"));
  const folder = join(home, "project");
  mkdirSync(folder);
  const running: ChildProcess[] = [];
  const start = (command: string) => {
    const child = spawn("sh", ["-c", command], {
      cwd: folder,
      // A group of its own: npx starts a shell that starts the program.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
        HOME: home,
        npm_config_registry: registry,
        npm_config_audit: "false",
        npm_config_fund: "false",
        NO_COLOR: "1",
        ...variables,
        ...(process.env.NODE_EXTRA_CA_CERTS === undefined
          ? {}
          : { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS }),
      },
    });
    running.push(child);
    return child;
  };
  const take = (step: GuideStep): Promise<string> => {
    if (step.kind === "file") {
      writeFileSync(join(folder, step.name), step.text);
      return Promise.resolve("");
    }
    const { kind, command } = step;
    return new Promise((resolve, reject) => {
      let output = "";
      const child = start(command);
      const hear = (chunk: Buffer) => {
        output += chunk.toString("utf8");
        if (kind === "start" && STARTED.test(output)) resolve(output);
      };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
      child.on("error", reject);
      child.on("close", (code) => {
        if (kind === "run" && code === 0) resolve(output);
        else reject(new Error(`${command} ended with ${code}:\n${output}`));
      });
    });
  };
  return {
    take,
    [Symbol.asyncDispose]: async () => {
      for (const child of running) {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
        const closed = once(child, "close");
        process.kill(-child.pid, "SIGTERM");
        await closed;
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
};

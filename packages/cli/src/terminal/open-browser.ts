import { spawn } from "node:child_process";
import { once } from "node:events";

/** The system's program that opens a URL in the default browser. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>>> = {
  darwin: ["open"],
  // Not `start`, which belongs to a shell and would run parts of a URL as commands.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
const ELSEWHERE = ["xdg-open"] as const;

/** Opens a URL in the browser, without waiting for it. Returns whether there was a program to do so. */
export const openBrowser = async (url: string): Promise<boolean> => {
  const [program, ...args] = OPENERS[process.platform] ?? ELSEWHERE;
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  try {
    await once(child, "spawn");
    child.unref();
    return true;
  } catch {
    return false;
  }
};

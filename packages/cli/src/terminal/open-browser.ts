import { spawn } from "node:child_process";
import { once } from "node:events";

/** The program of this system that opens a URL in the browser that the user chose. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>>> = {
  darwin: ["open"],
  // Not by way of `start`, which is a shell's, and would take parts of a URL for commands.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
const ELSEWHERE = ["xdg-open"] as const;

/** Opens a URL in the browser; answers whether there was a program for it. It is not waited for. */
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

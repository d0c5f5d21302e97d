import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A Chromium that starts on this machine. */
export interface FoundChromium {
  readonly executablePath: string;
  readonly args: readonly string[];
}

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Looks for Chromium: the environment variable CHROMIUM_PATH, Debian's package, the npm package @sparticuz/chromium (Linux x64; it
 * unpacks itself into the folder for temporary files). Undefined when none of them starts.
 */
export const findChromium = async (): Promise<FoundChromium | undefined> => {
  for (const executablePath of [process.env.CHROMIUM_PATH, "/usr/bin/chromium"]) {
    if (executablePath && existsSync(executablePath) && starts(executablePath))
      return { executablePath, args: ARGS };
  }
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    const executablePath = await chromium.executablePath();
    // Not with its own arguments: they are for functions in a cloud, with everything in a single process.
    return starts(executablePath) ? { executablePath, args: ARGS } : undefined;
  } catch {
    return undefined;
  }
};

/** What is said where tests that need it are skipped. */
export const NO_CHROMIUM =
  "no Chromium found (CHROMIUM_PATH, /usr/bin/chromium, npm @sparticuz/chromium): tests in a browser are skipped";

const starts = (executablePath: string): boolean =>
  spawnSync(executablePath, ["--version", "--no-sandbox"], { timeout: 20_000 }).status === 0;

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Machine } from "../harness/machine.ts";

const FILE = new URL("../baseline.json", import.meta.url);

/** What a run is compared with. */
export interface Baseline {
  readonly machine: Machine;
  readonly rounds: number;
  readonly events: number;
  /** Delivered events a second over those of the limit in the same round; the median of the rounds, by contestant. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The ratios that were saved last; empty when there are none. */
export const savedRatios = (): ReadonlyMap<string, number> => {
  const content: unknown = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};
  const ratios = typeof content === "object" && content !== null && "ratios" in content ? content.ratios : {};
  if (typeof ratios !== "object" || ratios === null)
    throw new Error(`${FILE.pathname}: expected ratios by contestant`);
  return new Map(Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio)]));
};

export const saveBaseline = (baseline: Baseline): void =>
  writeFileSync(FILE, `${JSON.stringify(baseline, undefined, 2)}\n`);

import type { Report } from "./report.ts";
import type { Settings } from "./settings.ts";

/** One thing that is measured: `pnpm bench NAME`. */
export interface Measure {
  readonly name: string;
  /** A line for the help. */
  readonly about: string;
  /** What `--rounds` and `--events` are when they are not given; undefined where they mean nothing. */
  readonly defaults: { readonly rounds?: number; readonly events?: number };
  /** Whether `--only` chooses among its rows. */
  readonly chooses?: boolean;
  run(settings: Settings): Promise<Report>;
}

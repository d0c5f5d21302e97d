import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { RowFormat } from "./read-rows.ts";

/** The flags of `meter import`. */
export interface ImportFlags extends ConnectionFlags {
  readonly outbox?: string;
  readonly format?: RowFormat;
  readonly delimiter?: string;
  readonly map?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, string>>;
  readonly ignoreOtherColumns?: boolean;
  readonly timeUnit: "ms" | "s";
  readonly catalog?: string;
  readonly source: string;
  readonly dryRun?: boolean;
  readonly maxErrors: number;
  readonly giveUpAfter: number;
}

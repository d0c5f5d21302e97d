import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { TimeUnit } from "../time/read-time.ts";
import type { TimeZone } from "../time/time-zone.ts";
import type { RowFormat } from "./read-rows.ts";

/** The flags of `meter import`. */
export interface ImportFlags extends ConnectionFlags {
  readonly outbox?: string;
  readonly format?: RowFormat;
  readonly delimiter?: string;
  readonly map?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, string>>;
  readonly ignoreOtherColumns?: boolean;
  readonly ignore?: readonly string[];
  readonly timeUnit: TimeUnit;
  readonly timeZone?: TimeZone;
  readonly catalog?: string;
  readonly source: string;
  readonly dryRun?: boolean;
  readonly maxErrors: number;
  readonly giveUpAfter: number;
}

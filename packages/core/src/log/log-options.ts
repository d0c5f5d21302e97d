import type { OutboxLimits } from "./outbox.ts";

/** How much a log keeps, and for how long. */
export interface LogOptions {
  /** How much may be pending. */
  readonly limits: OutboxLimits;
  /** The form in which events come, are stored and go: `text` where they cross threads. @default "events" */
  readonly bodies?: "events" | "text" | undefined;
  /** How long identities of ended events are remembered, to know a repeat, in milliseconds; and how many at most. */
  readonly tombstones: { readonly windowMs: number; readonly max: number };
  /**
   * How many dead letters and quarantined events are kept together, and for how long in milliseconds. What is beyond is discarded, the
   * oldest first, and counted so.
   */
  readonly letters: {
    readonly maxEvents: number;
    readonly maxBytes: number;
    readonly rejectedMs?: number | undefined;
    readonly quarantinedMs?: number | undefined;
    /** For how long the content of acknowledged events is kept, so that a late rejection finds it. @default 0 */
    readonly acknowledgedMs?: number | undefined;
  };
  /** For how long the hours of the ledger are kept, in milliseconds. */
  readonly ledgerMs: number;
}

import type { OutboxLimits } from "../outbox/outbox.ts";

/** How much a log keeps, and for how long. */
export interface LogOptions {
  /** Limits of pending events. */
  readonly limits: OutboxLimits;
  /** The form of stored events: `text` if they cross threads. @default "events" */
  readonly bodies?: "events" | "text" | undefined;
  /** How long identities of settled events are remembered to recognize repeats, in milliseconds, and the maximum number. */
  readonly tombstones: { readonly windowMs: number; readonly max: number };
  /**
   * Maximum number of dead letters and quarantined events together, and how long they are kept, in milliseconds. Others are discarded,
   * oldest first, and counted as discarded.
   */
  readonly deadLetters: {
    readonly maxEvents: number;
    readonly maxBytes: number;
    readonly rejectedMs?: number | undefined;
    readonly quarantinedMs?: number | undefined;
    /** How long the content of acknowledged events is kept, in milliseconds, so that a late rejection finds it. @default 0 */
    readonly acknowledgedMs?: number | undefined;
  };
  /** How long the hours of the ledger are kept, in milliseconds. */
  readonly ledgerMs: number;
}

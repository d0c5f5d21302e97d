import type { DrainOptions, Receipt } from "@meter-lib/core";
import type { Closing } from "@meter-lib/core/wire";

/** What `record()` of a page answers: its promises always resolve. */
export type PageReceipt = Omit<Receipt, "fate">;

/** How the client of a page was left. */
export type PageClosing = Pick<Closing, "acknowledged" | "persisted" | "lost">;

export interface PageCloseOptions extends DrainOptions {
  /** Throws the database away: for a user who signs out of a machine that others use. What the relay has not taken is lost. @default false */
  readonly erase?: boolean;
}

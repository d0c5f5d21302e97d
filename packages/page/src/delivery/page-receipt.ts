import type { DrainOptions, Receipt } from "@meter-lib/core";
import type { Closing } from "@meter-lib/core/wire";

/** What `record()` of a page returns. Its promises always resolve. */
export type PageReceipt = Omit<Receipt, "fate" | "stored">;

/** What a page's client left when it closed. */
export type PageClosing = Pick<Closing, "acknowledged" | "persisted" | "lost">;

export interface PageCloseOptions extends DrainOptions {
  /** Deletes the database, for a user who signs out on a shared machine. Events that the relay does not have are lost. @default false */
  readonly erase?: boolean;
}

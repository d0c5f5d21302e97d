import type { Promisable } from "@meter-lib/core/transport";

/**
 * Remembers which events of a tenant were accepted, so that a page may safely repeat a request whose response it never received.
 *
 * An identity `(tenant_id, event_id)` is unknown, *claimed* (a request is handing it on) or *confirmed* (it was handed on).
 * A claim lapses after its lease, because its process may have died. A request of the same holder may then claim it, and learns that it
 * had lapsed. The note of the first claim stays with the identity until it is released or expires: every attempt must have the same
 * content.
 *
 * Each call is atomic: if its promise rejects, nothing was changed.
 */
export interface DedupStore {
  /** Name shown in errors. */
  readonly name: string;
  /** How long an identity is remembered at least, in milliseconds since its last claim or confirmation. */
  readonly windowMs: number;

  /**
   * Claims distinct identities. Claiming an identity that the owner already holds renews its lease. Rejects if the store is full:
   * identities are never dropped early.
   */
  claim(request: ClaimRequest): Promisable<readonly ClaimAnswer[]>;

  /** Ends claims, all in one transaction. */
  settle(request: SettleRequest): Promisable<void>;

  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

export interface ClaimRequest {
  readonly tenant_id: string;
  /** Random id of the claiming request. */
  readonly owner: string;
  /**
   * Name of the outbox that the events go to. Only requests with the same holder can take over a lapsed claim: that outbox may have the
   * event, and delivers it as soon as it is opened again.
   * @default "" (no outbox, or one for all)
   */
  readonly holder?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Length of the claim, in milliseconds. */
  readonly leaseMs: number;
  readonly entries: readonly ClaimEntry[];
}

export interface ClaimEntry {
  readonly event_id: string;
  /** Text stored with the identity on its first claim. At most 1,000 characters. */
  readonly note: string;
}

/**
 * - `claimed`: the owner now holds it. `lapsed` means that an earlier claim of the same holder ended unsettled, so the event may have
 *   been handed on.
 * - `held`: another owner holds it until `until`; after that, only requests of its `holder` can claim it.
 * - `confirmed`: the event was handed on.
 *
 * `note` is that of the first claim.
 */
export type ClaimAnswer =
  | { readonly state: "claimed"; readonly note: string; readonly lapsed: boolean }
  | { readonly state: "held"; readonly note: string; readonly until: number; readonly holder: string }
  | { readonly state: "confirmed"; readonly note: string };

export interface SettleRequest {
  readonly tenant_id: string;
  readonly owner: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Events that were handed on. They are remembered for the window from now on, whoever holds them, even if they were unknown. */
  readonly confirmed: readonly ClaimEntry[];
  /** Events that were certainly not handed on. Those that this owner holds are deleted, including their notes. */
  readonly released: readonly string[];
}

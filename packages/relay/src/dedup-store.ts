import type { Promisable } from "@meter-lib/core/transport";

/**
 * Remembers which events of which tenant were taken, so that a page may send again what it never saw answered.
 *
 * An identity `(tenant_id, event_id)` is unknown, *claimed* (a request is handing it on) or *confirmed* (it was handed on).
 * A claim lapses after its lease, because its process may have died; then a request of the same holder may claim it, and is told.
 * What the first claim noted stays with the identity until it is released or forgotten: every attempt of an event must say the same.
 *
 * Each call is atomic. A rejected promise means that nothing of the call was done.
 */
export interface DedupStore {
  /** For people: shown in errors. */
  readonly name: string;
  /** How long an identity is remembered at least, in milliseconds from its last claim or its confirmation. */
  readonly windowMs: number;

  /**
   * Claims identities, all different. One that the same owner holds already is claimed again: its lease begins anew. Rejects
   * when there is no room; what is remembered is never given up before its time.
   */
  claim(request: ClaimRequest): Promisable<readonly ClaimAnswer[]>;

  /** Ends claims, all in one step. */
  settle(request: SettleRequest): Promisable<void>;

  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

export interface ClaimRequest {
  readonly tenant_id: string;
  /** Who claims: random, one for each request. */
  readonly owner: string;
  /**
   * Who knows what becomes of the claim when its owner dies: the name of the outbox that the events go to. Nobody else gets
   * the claim when it has lapsed: the outbox may have the event, and delivers it as soon as it is opened again.
   * @default "" (no outbox, or one for all)
   */
  readonly holder?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long the claim holds, in milliseconds. */
  readonly leaseMs: number;
  readonly entries: readonly ClaimEntry[];
}

export interface ClaimEntry {
  readonly event_id: string;
  /** What is to be remembered with the identity, if this is its first claim. At most 1,000 characters. */
  readonly note: string;
}

/**
 * - `claimed`: held by the owner now. `lapsed`: an earlier claim of the same holder ended without being settled, so the event
 *   may have been handed on.
 * - `held`: another owner has it, until `until`; when that is over, only requests of its `holder` get it.
 * - `confirmed`: it was handed on.
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
  /** They were handed on: remembered for the window from now on, whoever holds them. Unknown ones are none the less remembered. */
  readonly confirmed: readonly ClaimEntry[];
  /** They were certainly not handed on: forgotten, note and all, as far as this owner holds them. */
  readonly released: readonly string[];
}

import type { Clock } from "@meter-lib/core";
import type { ClaimEntry, DedupStore } from "./dedup-store.ts";

/** Who holds a claim, and where. */
export interface Claimant {
  readonly dedup: DedupStore;
  readonly clock: Clock;
  readonly tenant_id: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly onError: (error: unknown) => void;
}

const RENEWALS_PER_LEASE = 3;

/**
 * Keeps a claim while it is open whether its event was taken, so that nobody else hands it on meanwhile; then confirms it, or
 * lets it lapse.
 */
export const holdClaim = (
  { dedup, clock, tenant_id, owner, leaseMs, onError }: Claimant,
  entry: ClaimEntry,
  later: Promise<"taken" | "not_taken">,
): void => {
  let cancelTimer = () => {};
  const renewLater = (): void => {
    cancelTimer = clock.schedule(leaseMs / RENEWALS_PER_LEASE, () => {
      renewLater();
      attempt(() => dedup.claim({ tenant_id, owner, now: clock.now(), leaseMs, entries: [entry] }));
    });
  };
  const attempt = async (call: () => unknown): Promise<void> => {
    try {
      await call();
    } catch (error) {
      onError(error);
    }
  };
  renewLater();
  void attempt(async () => {
    const fate = await later.finally(() => cancelTimer());
    if (fate === "taken") await dedup.confirm({ tenant_id, now: clock.now(), entries: [entry] });
  });
};

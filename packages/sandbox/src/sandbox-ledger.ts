import type { ReconcileBackend } from "@meter-lib/core";
import type { BackendLedgerRow, LedgerKey, LedgerRange } from "@meter-lib/core/store";
import * as v from "valibot";

const LedgerAnswer = v.object({
  rows: v.array(
    v.object({
      tenant_id: v.string(),
      meter_id: v.string(),
      hour: v.number(),
      events: v.number(),
      total_usage: v.number(),
    }),
  ),
});

const GapsAnswer = v.object({
  producers: v.array(
    v.pipe(
      v.object({
        producer: v.string(),
        highest: v.number(),
        ranges: v.array(v.object({ from: v.number(), to: v.number() })),
      }),
      v.transform(({ ranges, ...row }) => ({ ...row, missing: ranges })),
    ),
  ),
});

const IdsAnswer = v.object({ ids: v.array(v.string()) });

/**
 * Returns the sandbox's side of a reconciliation, over HTTP: `client.reconcile(sandboxLedger(url))`.
 *
 * @param url - of a running sandbox
 * @throws Error if the sandbox does not respond, or responds with something else
 */
export const sandboxLedger = (url: string): ReconcileBackend => {
  const read = async (
    path: string,
    params: Readonly<Record<string, string | number | undefined>>,
  ): Promise<unknown> => {
    // Behind the base URL's own path, which may contain a token.
    const target = new URL(url.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(params)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const response = await fetch(target);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return {
    ledger: async ({ from, to }: LedgerRange): Promise<readonly BackendLedgerRow[]> =>
      v.parse(LedgerAnswer, await read("/sandbox/v1/ledger", { from, to })).rows,
    ids: async ({ tenant_id, meter_id, hour }: LedgerKey): Promise<readonly string[]> =>
      v.parse(IdsAnswer, await read("/sandbox/v1/ledger/ids", { tenant_id, meter_id, hour })).ids,
    producers: async () => v.parse(GapsAnswer, await read("/sandbox/v1/gaps", {})).producers,
  };
};

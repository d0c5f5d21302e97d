import { findEvent } from "../identities/find-event.ts";
import { standingsOf } from "../identities/identities.ts";
import { revisionsOf } from "../letters/correct.ts";
import type { LedgerId, LedgerKey } from "../outbox/outbox-query.ts";
import { idsIn } from "../store/id-list.ts";
import type { IdsRow } from "../store/tables.ts";
import { cellAt, hourOf } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";

/** The ids behind one row of the ledger: of corrected events where their last revision counts, and of cancelled ones nowhere. */
export const readLedgerIds = async (
  log: LogTransaction,
  { tenant_id, meter_id, hour }: LedgerKey,
): Promise<readonly LedgerId[]> => {
  const found: LedgerId[] = [];
  const revisions = await revisionsOf(log, tenant_id);
  for (const [, row] of await log.tx.range("ids", {})) {
    const isAsked = ({ tenants, ...cell }: IdsRow["cells"][number]): boolean =>
      cell.meter_id === meter_id && cell.hour === hour && tenants.includes(tenant_id);
    if (row.corrections || !row.cells.some(isAsked)) continue;
    const standing = await standingsOf(log, row);
    for (const [index, event_id] of idsIn(row.ids).entries()) {
      const cell = cellAt(row.cells, row.sum_of, index);
      if (cell?.tenant_id === tenant_id && cell.meter_id === meter_id && cell.hour === hour)
        if (!revisions.has(event_id)) found.push({ event_id, state: standing(index) });
    }
  }
  for (const [event_id, { event, carrier, cancelled }] of revisions) {
    if (cancelled || event.meter_id !== meter_id || hourOf(event) !== hour) continue;
    const standing = await findEvent(log, { tenant_id, event_id: carrier });
    if (standing !== undefined) found.push({ event_id, state: standing.state });
  }
  return found;
};

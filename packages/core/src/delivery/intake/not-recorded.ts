import { MeterError } from "../../errors/meter-error.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { AppendException } from "../../log/outbox/outbox.ts";
import type { DurableOutcome, SettledOutcome } from "../receipts/receipt.ts";
import type { Absent } from "../segments/segment.ts";
import { noRoom } from "./intake.ts";

type Repeat = Extract<AppendException, { state: "repeat" }>;
type Refused = Exclude<AppendException, Repeat>;

/**
 * What a receipt says of an event that was recorded before.
 * @param settled - the outcome of the first recording, where it is still to come
 */
export const repeatOf = (
  { where }: Repeat,
  isDurable: boolean,
  settled: () => Promise<SettledOutcome>,
): Absent => {
  const durable: DurableOutcome = isDurable
    ? { ok: true, repeat: true }
    : { ok: false, reason: "volatile", repeat: true };
  if (where === "acknowledged") return { durable, settled: { state: where, duplicate: true } };
  if (where === "discarded") return { durable, settled: { state: where, reason: "recorded before" } };
  if (where === "rejected" || where === "quarantined")
    return { durable, settled: { state: where, reason: "recorded before", status: undefined } };
  return { durable, settled: settled() };
};

/** Why the outbox did not record an event. */
export const refusalOf = ({ state }: Refused, event: UsageEvent | undefined, outbox: string): MeterError => {
  const id = JSON.stringify(event?.event_id);
  const tenant = JSON.stringify(event?.tenant_id);
  if (state === "full") return noRoom("the outbox is full");
  return state === "conflict"
    ? new MeterError(
        "id_conflict",
        `event_id: ${id} was recorded before for tenant ${tenant} with different content`,
      )
    : new MeterError(
        "outbox_failed",
        `event_id: the outbox ${outbox} does not work at the moment, so it is unknown whether ${id} was recorded before for tenant ${tenant}; nothing was recorded, record it again later`,
      );
};

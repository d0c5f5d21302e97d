import type { UsageEvent } from "../../event/usage-event.ts";
import type { SettledOutcome } from "../receipts/receipt.ts";
import type { Slice } from "./slice.ts";

type Tell = (outcome: SettledOutcome) => void;

/** The most arrivals that are remembered before anybody asks for them. */
const MOST_ARRIVING = 10_000;

/** Who waits for the fate of an event that is in the outbox only, by its key or its identity. */
export class FateListeners {
  readonly #byKey = new Map<number, Tell[]>();
  readonly #byIdentity = new Map<string, Tell[]>();
  /** The most recent events of transactions, whose receipts nobody has read yet. */
  readonly #arriving = new Map<string, Tell[]>();

  onKey(key: number, tell: Tell): void {
    addTo(this.#byKey, key, tell);
  }

  onIdentity(event: UsageEvent, tell: Tell): void {
    addTo(this.#byIdentity, identityOf(event), tell);
  }

  /** The oldest of too many are forgotten. */
  onArrival(event: UsageEvent, tell: Tell): void {
    addTo(this.#arriving, identityOf(event), tell);
    for (const oldest of this.#arriving.keys()) {
      if (this.#arriving.size <= MOST_ARRIVING) break;
      this.#arriving.delete(oldest);
    }
  }

  /** @param each - the outcome of each event, where it differs from `outcome` */
  tell(
    { segment, from, to }: Slice,
    outcome: SettledOutcome,
    each: readonly SettledOutcome[] | undefined,
  ): void {
    if (this.#byKey.size + this.#byIdentity.size + this.#arriving.size === 0) return;
    for (let i = from; i < to; i++) {
      const own = each?.[i - from] ?? outcome;
      const event = segment.events[i];
      if (!segment.isVolatile) this.tellByKey(segment.key + i, own);
      if (event === undefined) continue;
      tellFrom(this.#byIdentity, identityOf(event), own);
      tellFrom(this.#arriving, identityOf(event), own);
    }
  }

  tellByKey(key: number, outcome: SettledOutcome): void {
    tellFrom(this.#byKey, key, outcome);
  }

  tellAll(outcome: SettledOutcome): void {
    for (const tells of [...this.#byKey.values(), ...this.#byIdentity.values()])
      for (const tell of tells) tell(outcome);
  }
}

const identityOf = ({ tenant_id, event_id }: UsageEvent): string => `${tenant_id}\n${event_id}`;

const addTo = <Key>(map: Map<Key, Tell[]>, key: Key, tell: Tell): void => {
  const tells = map.get(key);
  if (tells === undefined) map.set(key, [tell]);
  else tells.push(tell);
};

const tellFrom = <Key>(map: Map<Key, Tell[]>, key: Key, outcome: SettledOutcome): void => {
  const tells = map.get(key);
  if (tells === undefined) return;
  map.delete(key);
  for (const tell of tells) tell(outcome);
};

import type { DurableOutcome, Receipt, SettledOutcome } from "../receipts/receipt.ts";
import type { Segment } from "./segment.ts";

/** The receipt of a recorded event: a view of its segment. */
export class EventReceipt implements Receipt {
  readonly event_id: string;
  readonly #segment: Segment;
  readonly #index: number;

  constructor(event_id: string, segment: Segment, index: number) {
    this.event_id = event_id;
    this.#segment = segment;
    this.#index = index;
  }

  get durable(): Promise<DurableOutcome> {
    return this.#segment.durable(this.#index);
  }

  get stored(): DurableOutcome | undefined {
    return this.#segment.durability(this.#index);
  }

  get settled(): Promise<SettledOutcome> {
    return this.#segment.settled(this.#index);
  }

  get fate(): SettledOutcome | undefined {
    return this.#segment.fate(this.#index);
  }
}

const DATE_HEADER_RESOLUTION_MS = 1_000;
const NOTABLE_MS = 60_000;

/** Measures how far this machine's clock is from the receiver's. */
export class ClockSkew {
  readonly #notable: (skewMs: number) => void;
  #skewMs: number | undefined;
  #uncertaintyMs: number | undefined;

  /** @param notable - called when the difference first exceeds a minute */
  constructor(notable: (skewMs: number) => void) {
    this.#notable = notable;
  }

  /** This machine's clock minus the receiver's; undefined until a response has told the receiver's time. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /** How much the difference may be off: half of the round trip, plus half of the header's second. */
  get uncertaintyMs(): number | undefined {
    return this.#uncertaintyMs;
  }

  measure(sentAt: number, receivedAt: number, receiverTime: number): void {
    // The header truncates the time to a second; on average it cuts off half of one.
    const skewMs = Math.round((sentAt + receivedAt) / 2 - (receiverTime + DATE_HEADER_RESOLUTION_MS / 2));
    const wasNotable = this.#skewMs !== undefined && Math.abs(this.#skewMs) > NOTABLE_MS;
    this.#skewMs = skewMs;
    this.#uncertaintyMs = Math.ceil((receivedAt - sentAt + DATE_HEADER_RESOLUTION_MS) / 2);
    if (Math.abs(skewMs) > NOTABLE_MS && !wasNotable) this.#notable(skewMs);
  }
}

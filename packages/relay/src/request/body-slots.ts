/**
 * Limits the number of bodies being received. Senders are not authenticated yet, so slow strangers must not lock out others: when all
 * slots are taken, the body that has been arriving longest is dropped.
 */
export class BodySlots {
  readonly #count: number;
  /** Callbacks that drop a body, oldest first. */
  readonly #giveUps = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
  }

  /**
   * @param giveUp - called when another body needs the slot
   * @returns a function that frees the slot
   */
  enter(giveUp: () => void): () => void {
    for (const oldest of this.#giveUps) {
      if (this.#giveUps.size < this.#count) break;
      this.#giveUps.delete(oldest);
      oldest();
    }
    this.#giveUps.add(giveUp);
    return () => this.#giveUps.delete(giveUp);
  }
}

/**
 * Places for bodies on their way in. Whoever sends them is not known yet, so none is turned away while strangers trickle theirs:
 * when all places are taken, the body that has been on its way for longest makes room.
 */
export class BodySlots {
  readonly #count: number;
  /** Oldest first. */
  readonly #giveUps = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
  }

  /**
   * @param giveUp - called when another body needs the place
   * @returns what gives the place back
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

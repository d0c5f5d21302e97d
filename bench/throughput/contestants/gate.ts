/** Lets so many promises run at once. */
export class Gate {
  readonly #running = new Set<Promise<void>>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  run(work: () => Promise<void>): Promise<void> | undefined {
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return this.#running.size < this.#most ? undefined : Promise.race(this.#running);
  }

  async empty(): Promise<void> {
    await Promise.all(this.#running);
  }
}

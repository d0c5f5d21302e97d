import type { KafkaSession } from "./kafka-session.ts";

interface Lane {
  session: KafkaSession | undefined;
  busy: boolean;
}

/** A fixed number of sessions, each used by one batch at a time and replaced after it breaks. */
export class SessionPool {
  readonly #lanes: readonly Lane[];
  readonly #create: (made: number) => KafkaSession;
  readonly #waiting: (() => void)[] = [];
  #made = 0;
  #closed = false;

  /** @param create - creates a session, given the number created before */
  constructor(size: number, create: (made: number) => KafkaSession) {
    this.#lanes = Array.from({ length: size }, () => ({ session: undefined, busy: false }));
    this.#create = create;
  }

  /**
   * Runs `work` with a free session, and discards the session if `work` reports it broken. Resolves to undefined if no session was free
   * before the signal aborted, or if the pool is closed.
   */
  async use<T>(
    signal: AbortSignal,
    work: (session: KafkaSession) => Promise<{ readonly result: T; readonly broken: boolean }>,
  ): Promise<T | undefined> {
    const lane = await this.#free(signal);
    if (lane === undefined) return undefined;
    lane.session ??= this.#create(this.#made++);
    let broken = true;
    try {
      const done = await work(lane.session);
      broken = done.broken;
      return done.result;
    } finally {
      if (broken) {
        lane.session.discard();
        lane.session = undefined;
      }
      lane.busy = false;
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all(this.#lanes.map(({ session }) => session?.close()));
  }

  async #free(signal: AbortSignal): Promise<Lane | undefined> {
    while (!this.#closed && !signal.aborted) {
      const lane = this.#lanes.find(({ busy, session }) => !busy && session !== undefined) ?? this.#idle();
      if (lane !== undefined) {
        lane.busy = true;
        return lane;
      }
      await this.#turn(signal);
    }
    return undefined;
  }

  #idle(): Lane | undefined {
    return this.#lanes.find(({ busy }) => !busy);
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        const index = this.#waiting.indexOf(wake);
        if (index >= 0) this.#waiting.splice(index, 1);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

import { setTimeout } from "node:timers/promises";
import type { Catalog, MeterClient } from "@meter-lib/core";

/** Why delivery cannot continue at the moment. */
export interface Stop {
  readonly why: "interrupted" | "blocked" | "stalled";
  /** In words. */
  readonly reason: string;
}

const LOOK_MS = 500;

/** Watches a client that delivers: counts acknowledged events, and notices when waiting is pointless. */
export class DeliveryWatch implements Disposable {
  /** Acknowledged since the watch started. */
  acknowledged = 0;
  /** Resolves when waiting is pointless. */
  readonly stopped: Promise<Stop>;

  readonly #client: MeterClient<Catalog>;
  readonly #patienceMs: number;
  readonly #removals: (() => void)[] = [];
  #progressAt = performance.now();
  #stop: Stop | undefined;
  #resolve: (stop: Stop) => void = () => {};

  /** @param patienceMs - how long to wait without any progress */
  constructor(client: MeterClient<Catalog>, patienceMs: number, signal: AbortSignal) {
    this.#client = client;
    this.#patienceMs = patienceMs;
    this.stopped = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const interrupt = () => this.#end({ why: "interrupted", reason: "stopped by Ctrl-C" });
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const timer = setInterval(() => this.#look(), LOOK_MS);
    this.#removals.push(
      () => signal.removeEventListener("abort", interrupt),
      () => clearInterval(timer),
      client.on("acknowledged", () => {
        this.acknowledged++;
        this.progressed();
      }),
      client.on("blocked", ({ name, reason }) =>
        this.#end({ why: "blocked", reason: `${name}: ${reason ?? "no reason given"}` }),
      ),
    );
  }

  get stop(): Stop | undefined {
    return this.#stop;
  }

  progressed(): void {
    this.#progressAt = performance.now();
  }

  /** Waits until the outbox is delivered or waiting is pointless. Returns whether everything was delivered. */
  async delivered(onLook: () => void): Promise<boolean> {
    while (this.#stop === undefined) {
      const flushed = await Promise.race([this.#client.flush({ timeoutMs: LOOK_MS }), this.stopped]);
      onLook();
      if (flushed === true) return true;
      // A flush that finds only parked events returns at once.
      await Promise.race([setTimeout(LOOK_MS), this.stopped]);
    }
    return false;
  }

  [Symbol.dispose](): void {
    for (const remove of this.#removals) remove();
  }

  #look(): void {
    if (performance.now() - this.#progressAt < this.#patienceMs) return;
    const { destinations, lookup, parked } = this.#client.health();
    const reason =
      [...destinations, lookup].find((status) => status.reason !== undefined)?.reason ??
      parked[0]?.reason ??
      "the backend accepts no events";
    this.#end({
      why: "stalled",
      reason: `no progress for ${Math.round(this.#patienceMs / 1000)} s: ${reason}`,
    });
  }

  #end(stop: Stop): void {
    if (this.#stop !== undefined) return;
    this.#stop = stop;
    this.#resolve(stop);
  }
}

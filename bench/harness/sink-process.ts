import { setTimeout } from "node:timers/promises";
import { Child, numberIn } from "./child.ts";

/** What arrived at a sink so far. */
export interface SinkState {
  readonly events: number;
  /** On the wire, with the headers of the requests. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly firstArrival: number;
  readonly lastArrival: number;
}

const LOOK_MS = 20;
const QUIET_MS = 3_000;

/** A sink in a process of its own. Ended with `await using`. */
export class SinkProcess {
  readonly url: string;
  readonly port: number;
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @param port - 0 picks a free one */
  static async start(port = 0): Promise<SinkProcess> {
    const child = new Child(import.meta.resolve("./sink.ts"), { args: [port] });
    return new SinkProcess(child, numberIn(await child.next(), "port"));
  }

  async state(): Promise<SinkState> {
    const state = await this.#child.ask({});
    return {
      events: numberIn(state, "events"),
      bytes: numberIn(state, "bytes"),
      firstArrival: numberIn(state, "firstArrival"),
      lastArrival: numberIn(state, "lastArrival"),
    };
  }

  /** What arrived when so many events have, or when none came for a while: not every client waits for its own. */
  async settled(events: number): Promise<SinkState> {
    let state = await this.state();
    let since = performance.now();
    while (state.events < events && performance.now() - since < QUIET_MS) {
      await setTimeout(LOOK_MS);
      const now = await this.state();
      if (now.events > state.events) since = performance.now();
      state = now;
    }
    return state;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

import type { Transport } from "@meter-lib/core";
import type { Outcome, OutgoingEvent, SendAnswer } from "@meter-lib/core/transport";
import { ALWAYS_DEDUP } from "../../../../packages/core/test/engine-rig.ts";

/** What becomes of one event. `counted_unsure`: counted, and the answer is lost; `lost_unsure`: neither. */
export type Fate = "acknowledged" | "retry" | "rejected" | "counted_unsure" | "lost_unsure";

/** What becomes of one call: fates in turns, or a fault of the whole. */
export type Plan =
  | { readonly kind: "fates"; readonly fates: readonly Fate[] }
  | { readonly kind: "unavailable" | "blocked" | "too_large" | "invalid" }
  | { readonly kind: "throws" | "hangs" | "answers_too_few"; readonly counts: boolean };

/** A receiver that follows a script, and remembers what it counted. */
export class ScriptedReceiver {
  readonly transport: Transport;
  /** How often each identity was counted. */
  readonly counts = new Map<string, number>();
  readonly #plans: Plan[] = [];
  readonly #dedup: boolean;

  constructor(dedup: boolean) {
    this.#dedup = dedup;
    this.transport = {
      name: "scripted",
      receiver: { dedup: dedup ? ALWAYS_DEDUP : false },
      limits: { maxBatchEvents: 7 },
      survivesPageClose: true,
      send: ({ events }, { signal }) => this.#send(events, signal),
    };
  }

  plan(plan: Plan): void {
    this.#plans.push(plan);
  }

  /** Counts an identity no more. */
  takeBack(identity: string): void {
    this.counts.delete(identity);
  }

  /** From now on all goes well. */
  heal(): void {
    this.#plans.length = 0;
  }

  #count(event: OutgoingEvent): void {
    const identity = `${event.tenant_id} ${event.event_id}`;
    const before = this.counts.get(identity) ?? 0;
    this.counts.set(identity, this.#dedup ? 1 : before + 1);
  }

  async #send(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<SendAnswer> {
    const plan = this.#plans.shift() ?? { kind: "fates", fates: ["acknowledged"] };
    switch (plan.kind) {
      case "fates":
        return {
          outcomes: events.map((event, at) => this.#meet(event, plan.fates[at % plan.fates.length])),
        };
      case "throws":
        if (plan.counts) for (const event of events) this.#count(event);
        throw new Error("the wire broke");
      case "answers_too_few":
        if (plan.counts) for (const event of events) this.#count(event);
        return { outcomes: [] };
      case "hangs":
        if (plan.counts) for (const event of events) this.#count(event);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        return { outcomes: events.map(() => ({ state: "unsure", reason: "no answer", timeout: true })) };
      default:
        return { fault: { kind: plan.kind, reason: plan.kind } };
    }
  }

  #meet(event: OutgoingEvent, fate: Fate | undefined): Outcome {
    switch (fate) {
      case "retry":
        return { state: "retry", reason: "later" };
      case "rejected":
        return { state: "rejected", reason: "no" };
      case "lost_unsure":
        return { state: "unsure", reason: "lost" };
      case "counted_unsure":
        this.#count(event);
        return { state: "unsure", reason: "the answer was lost" };
      default:
        this.#count(event);
        return { state: "acknowledged" };
    }
  }
}

import type { CheckedEvent } from "../../event/checked-event.ts";
import type { Lane } from "../../event/usage-event.ts";
import type { Segment } from "../segments/segment.ts";

/** An event that waits for room. */
export interface WaitingEvent {
  readonly checked: CheckedEvent;
  readonly lane: Lane;
  /** A segment for this event alone, which its receipt refers to. */
  readonly place: Segment;
}

/** Events that wait for room, in order. */
export class WaitingForRoom {
  readonly #most: number;
  #waiting: WaitingEvent[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#most;
  }

  wait(event: WaitingEvent): void {
    this.#waiting.push(event);
  }

  /** Lets in, in order, as many as find room. */
  letIn(hasRoom: (event: WaitingEvent) => boolean, enter: (event: WaitingEvent) => void): void {
    let next = this.#waiting[0];
    while (next !== undefined && hasRoom(next)) {
      this.#waiting.shift();
      enter(next);
      next = this.#waiting[0];
    }
  }

  /** Takes all that still wait. */
  empty(): readonly WaitingEvent[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

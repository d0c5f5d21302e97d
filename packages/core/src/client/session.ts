import type { Catalog } from "../catalog/catalog.ts";
import type { ContextFields, ContextKey, MetadataFields, PerformanceMeterId } from "../event/meter-event.ts";
import type { SendResult } from "./send-result.ts";

/** What a session, or a measured call, is about: an event without its times. */
export type SessionInput<C extends Catalog, Bound extends ContextKey, Id extends PerformanceMeterId<C>> = {
  readonly meter_id: Id;
} & MetadataFields<C, Id> &
  ContextFields<Bound>;

export interface SessionOptions {
  /**
   * Sessions of one tenant, device and meter are one session, over all tabs and processes that share the outbox (`device`), or each
   * is its own (`process`).
   * @default "device"
   */
  readonly scope?: "device" | "process";
  /** When it began, in milliseconds since the epoch. @default now */
  readonly startTime?: number;
}

/** Something that is on. */
export interface Session {
  /** Both boundaries carry it. */
  readonly session_id: string;
  /** What became of the start boundary. */
  readonly started: SendResult;
  /**
   * Ends it: the end boundary goes out, with the time of the first call. A start that did not get through is sent again
   * first, under its own id. Every call answers the same promise. With an outbox and scope `device`, the end goes out when the
   * last one leaves the session, and one that the outbox does not take is tried again until it does, whatever was answered here.
   */
  end(): Promise<SendResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How sessions live on an outbox. */
export interface SessionRecovery {
  /** How often an open session is noted as still on, in milliseconds. @default 60_000 */
  readonly checkpointMs?: number;
  /**
   * What becomes of a session whose process crashed: ended at its last checkpoint (`close`), or taken up by the next
   * `startSession` of the same scope within `resumeWithinMs` of that checkpoint and ended there otherwise (`resume`).
   * @default "close"
   */
  readonly afterCrash?: "close" | "resume";
  /** @default 300_000 */
  readonly resumeWithinMs?: number;
}

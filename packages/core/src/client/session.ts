import type { Catalog } from "../catalog/catalog.ts";
import type { ContextFields, ContextKey, MetadataFields, PerformanceMeterId } from "../event/meter-event.ts";
import type { SendResult } from "./send-result.ts";

/** An event without its times, for a session or a measured call. */
export type SessionInput<C extends Catalog, Bound extends ContextKey, Id extends PerformanceMeterId<C>> = {
  readonly meter_id: Id;
} & MetadataFields<C, Id> &
  ContextFields<Bound>;

export interface SessionOptions {
  /**
   * `device`: sessions of one tenant, device and meter are one session across all tabs and processes that share the outbox. `process`: each
   * is a session of its own.
   * @default "device"
   */
  readonly scope?: "device" | "process";
  /** When it started, in milliseconds since the epoch. @default now */
  readonly startTime?: number;
}

/** An open session. */
export interface Session {
  /** The session id that both boundaries carry. */
  readonly session_id: string;
  /** The result of the start boundary. */
  readonly started: SendResult;
  /**
   * Ends the session: sends the end boundary, with the time of the first call. If the start did not arrive, it is sent again first, under
   * its own id. Every call returns the same promise. With an outbox and scope `device`, the end is sent when the last owner leaves; if the
   * outbox refuses it, it is retried until it is stored, whatever this call returned.
   */
  end(): Promise<SendResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How sessions use an outbox. */
export interface SessionRecovery {
  /** How often an open session is checkpointed, in milliseconds. @default 60_000 */
  readonly checkpointMs?: number;
  /**
   * What happens to a session whose process crashed. `close` ends it at its last checkpoint. `resume` lets the next `startSession` of the
   * same scope continue it within `resumeWithinMs` of that checkpoint, and ends it there otherwise.
   * @default "close"
   */
  readonly afterCrash?: "close" | "resume";
  /** @default 300_000 */
  readonly resumeWithinMs?: number;
}

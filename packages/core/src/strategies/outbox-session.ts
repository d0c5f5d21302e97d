import type { Metadata } from "../catalog/meter.ts";

/** A session that has started and not ended. The ids of both boundaries are fixed at the start. */
export interface SessionRow {
  readonly session_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  /** Sessions of one scope are one session: a device's, or a process's own. */
  readonly scope: string;
  readonly start_event_id: string;
  readonly end_event_id: string;
  readonly started_at: number;
  /** When it was last known to be on. */
  readonly checkpoint_at: number;
  /** When its last owner left; its end is then to be recorded at that time. Undefined while it is on. */
  readonly ended_at: number | undefined;
  /** Both boundaries carry it. */
  readonly metadata: Metadata | undefined;
}

/**
 * - `open`: starts the session, or joins the one that is open in the same scope
 * - `checkpoint`: still on at `at`
 * - `leave`: this owner is no longer in it; when it was the last one, `ended_at` becomes `at`
 * - `finish`: its end is recorded: the row goes
 *
 * The end is recorded between `leave` and `finish`, under the id fixed at the start, so that whoever recovers from a crash
 * in between records the same event again and nothing is counted twice.
 */
export type SessionChange =
  | { readonly change: "open"; readonly session: SessionRow }
  | { readonly change: "checkpoint"; readonly session_id: string; readonly at: number }
  | { readonly change: "leave"; readonly session_id: string; readonly at: number }
  | { readonly change: "finish"; readonly session_id: string };

/**
 * - `opened`: this owner started it
 * - `joined`: it was open already; `session` is the one that counts
 * - `kept`: the change took effect and the session goes on
 * - `ended`: the last owner left; `session` has its `ended_at`
 * - `gone`: this owner has no such session (it ended, or another took it over); nothing done
 */
export type SessionAnswer =
  | { readonly state: "opened" | "kept" | "gone" }
  | { readonly state: "joined" | "ended"; readonly session: SessionRow };

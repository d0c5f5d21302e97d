import type { SessionRow } from "../store/tables.ts";

/**
 * - `open`: starts the session, or joins the one that is open in the same scope
 * - `checkpoint`: still on at `at`
 * - `leave`: this owner is no longer in it; if it was the last one, `ended_at` becomes `at`
 * - `finish`: its end is recorded: the row is deleted
 *
 * The end is recorded between `leave` and `finish`, under the id fixed at the start. After a crash in between, the process that takes over
 * records the same event again, and nothing is counted twice.
 */
export type SessionChange =
  | { readonly change: "open"; readonly session: SessionRow }
  | { readonly change: "checkpoint"; readonly session_id: string; readonly at: number }
  | { readonly change: "leave"; readonly session_id: string; readonly at: number }
  | { readonly change: "finish"; readonly session_id: string };

/**
 * - `opened`: this owner started it
 * - `joined`: it was open already; `session` is the existing one
 * - `kept`: the change took effect and the session continues
 * - `ended`: the last owner left; `session` has its `ended_at`
 * - `gone`: this owner has no such session (it ended, or another owner took it over); nothing done
 */
export type SessionAnswer =
  | { readonly state: "opened" | "kept" | "gone" }
  | { readonly state: "joined" | "ended"; readonly session: SessionRow };

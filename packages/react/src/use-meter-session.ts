import {
  type Catalog,
  isMeterError,
  MeterError,
  type PerformanceMeterId,
  type SessionOptions,
} from "@meter-lib/core";
import { useEffect, useRef, useState } from "react";
import { HeldSession } from "./held-session.ts";
import { useMeter } from "./meter-provider.ts";
import type { RegisteredClient } from "./register.ts";

/** Performance meters of the registered catalog. */
export type SessionMeterId = RegisteredClient extends { readonly "~catalog"?: infer C extends Catalog }
  ? PerformanceMeterId<C>
  : never;

export interface MeterSessionOptions extends Pick<SessionOptions, "scope"> {
  /** Whether the session runs. */
  readonly active: boolean;
}

/** State of the session, for a component to show. */
export type MeterSession =
  | { readonly state: "off" | "starting" }
  | { readonly state: "on"; readonly session_id: string }
  | { readonly state: "failed"; readonly error: MeterError };

const OFF: MeterSession = { state: "off" };
const STARTING: MeterSession = { state: "starting" };

/**
 * Runs a session of `meter_id` while `active` is true and the component is mounted. By default (`scope: "device"`), all components and,
 * with a shared outbox, all tabs share one session, which ends when the last of them leaves. Closing the page does not end it: a reload
 * within the client's `resumeWithinMs` resumes it; otherwise it ends at its last checkpoint.
 *
 * @example
 * ```tsx
 * const session = useMeterSession("chat.on.time_hours", { active: isAiOn });
 * ```
 */
export const useMeterSession = (
  meter_id: SessionMeterId,
  { active, scope = "device" }: MeterSessionOptions,
): MeterSession => {
  const client = useMeter();
  const held = useRef<HeldSession>(undefined);
  const [answer, setAnswer] = useState<{ readonly of: HeldSession; readonly session: MeterSession }>();

  useEffect(() => {
    if (!active) return;
    // StrictMode undoes the effect and runs it again at once: that is still one session.
    if (held.current?.rejoin(client, meter_id, scope) !== true)
      held.current = new HeldSession(client, meter_id, scope);
    const mine = held.current;
    let isShown = true;
    const show = (session: MeterSession) => {
      if (isShown) setAnswer({ of: mine, session });
    };
    mine.started.then(
      ({ session_id, started }) =>
        show(started.ok ? { state: "on", session_id } : { state: "failed", error: started.error }),
      (error: unknown) => show({ state: "failed", error: asMeterError(error) }),
    );
    return () => {
      isShown = false;
      setAnswer(undefined);
      mine.leave();
    };
  }, [client, meter_id, active, scope]);

  if (!active) return OFF;
  // Another session's answer is not this one's, also in the first render that asks for it.
  return answer?.of.isOf(client, meter_id, scope) ? answer.session : STARTING;
};

/** Our clients never reject; one that wraps them may. */
const asMeterError = (cause: unknown): MeterError =>
  isMeterError(cause)
    ? cause
    : new MeterError("outbox_failed", `the client's startSession() failed: ${String(cause)}`, { cause });

import type { Catalog, MeterError, PerformanceMeterId, SessionOptions } from "@meter-lib/core";
import { useEffect, useRef, useState } from "react";
import { HeldSession } from "./held-session.ts";
import { useMeter } from "./meter-provider.ts";
import type { RegisteredClient } from "./register.ts";

/** The meters of the registered catalog that report times. */
export type SessionMeterId = RegisteredClient extends { readonly "~catalog"?: infer C extends Catalog }
  ? PerformanceMeterId<C>
  : never;

export interface MeterSessionOptions extends Pick<SessionOptions, "scope"> {
  /** Whether it is on. */
  readonly active: boolean;
}

/** How the session stands: for a component to show. */
export type MeterSession =
  | { readonly state: "off" | "starting" }
  | { readonly state: "on"; readonly session_id: string }
  | { readonly state: "failed"; readonly error: MeterError };

const OFF: MeterSession = { state: "off" };
const STARTING: MeterSession = { state: "starting" };

/**
 * A session of `meter_id` while `active` is true and the component is mounted. By default (`scope: "device"`) all components and,
 * with an outbox that they share, all tabs are in one session, which ends when the last of them leaves. A page that is closed leaves
 * it to the next one: a reload goes on with it, and after the client's `resumeWithinMs` it has ended at its last checkpoint.
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
    // StrictMode takes the effect back and runs it again at once: that is one session.
    if (held.current?.rejoin(client, meter_id, scope) !== true)
      held.current = new HeldSession(client, meter_id, scope);
    const mine = held.current;
    let isShown = true;
    void mine.started.then(({ session_id, started }) => {
      const session: MeterSession = started.ok
        ? { state: "on", session_id }
        : { state: "failed", error: started.error };
      if (isShown) setAnswer({ of: mine, session });
    });
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

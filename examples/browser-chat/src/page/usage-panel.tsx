import type { MeterSession } from "@meter-lib/react";
import { type ReactElement, useEffect, useState } from "react";
import { type ChatUsage, readUsage } from "./read-usage.ts";

const POLL_MS = 1_000;

const seconds = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const STATES = {
  off: "Off",
  starting: "Starting…",
  on: "On: billed when it ends",
  failed: "Not metered",
} as const;

/** What the backend has counted, asked for every second while the page is seen. */
export const UsagePanel = ({ session }: { readonly session: MeterSession }): ReactElement => {
  const [usage, setUsage] = useState<ChatUsage>();
  useEffect(() => {
    const poll = async () => {
      if (document.visibilityState === "visible") setUsage((await readUsage()) ?? usage);
    };
    void poll();
    const timer = setInterval(() => void poll(), POLL_MS);
    return () => clearInterval(timer);
  }, [usage]);

  return (
    <section className="usage" aria-labelledby="usage-title">
      <h2 id="usage-title">On the bill</h2>
      <dl>
        <div>
          <dt>Assistant on</dt>
          <dd data-testid="on-time">{seconds.format((usage?.onMs ?? 0) / 1000)} s</dd>
        </div>
        <div>
          <dt>Sessions</dt>
          <dd data-testid="sessions">{usage?.sessions ?? 0}</dd>
        </div>
        <div>
          <dt>Questions</dt>
          <dd data-testid="questions">{usage?.questions ?? 0}</dd>
        </div>
        <div>
          <dt>Time to answer</dt>
          <dd data-testid="answer-time">{seconds.format((usage?.answerMs ?? 0) / 1000)} s</dd>
        </div>
      </dl>
      <p className={`state ${session.state}`} data-testid="session">
        {STATES[session.state]}
        {session.state === "failed" && `: ${session.error.message}`}
      </p>
      <p className="note">
        Open this page in more tabs, reload it, close it: while the assistant is on, it stays one session.
      </p>
    </section>
  );
};

import { useState } from "preact/hooks";
import type { FaultState } from "../../src/http/faults.ts";
import { CustomersView } from "./customers-view.tsx";
import { DeliveryView } from "./delivery-view.tsx";
import { EventStory } from "./event-story.tsx";
import { LiveView } from "./live-view.tsx";
import { OutageView } from "./outage-view.tsx";
import { OutboxView } from "./outbox-view.tsx";
import { SendView } from "./send-view.tsx";
import type { Zone } from "./time-text.ts";
import { UsageView } from "./usage-view.tsx";
import { useAnswer } from "./use-answer.ts";
import { usePlace } from "./use-place.ts";
import { type Theme, useTheme } from "./use-theme.ts";

const VIEWS = [
  ["usage", "Usage"],
  ["events", "Events"],
  ["customers", "Customers"],
  ["delivery", "Delivery"],
  ["outbox", "Outbox"],
  ["outage", "Outage"],
  ["send", "Send"],
] as const;

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "System theme"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export const App = () => {
  const [view = "usage", detail] = usePlace();
  const { theme, shown, choose } = useTheme();
  const [zone, setZone] = useState<Zone>("local");
  const faults = useAnswer<FaultState>("sandbox/v1/faults");
  const failing =
    faults.data !== undefined && (faults.data.outcome !== "as_usual" || faults.data.delay_ms > 0);

  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <header>
        <div class="bar">
          <a class="brand" href="#/usage">
            <img src="icon.svg" alt="" width="24" height="24" />
            meter-lib sandbox
          </a>
          <div class="settings">
            <select
              aria-label="Clock"
              value={zone}
              onChange={(e) => setZone(e.currentTarget.value === "utc" ? "utc" : "local")}
            >
              <option value="local">Local time</option>
              <option value="utc">UTC</option>
            </select>
            <select
              aria-label="Theme"
              value={theme}
              onChange={(e) =>
                choose(THEMES.find(([value]) => value === e.currentTarget.value)?.[0] ?? "system")
              }
            >
              {THEMES.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </div>
        </div>
        <nav aria-label="Views">
          {VIEWS.map(([name, label]) => (
            <a key={name} href={`#/${name}`} aria-current={view === name ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </header>
      <div class="notices" role="status">
        {faults.error !== undefined && <p class="notice bad">The sandbox does not answer: {faults.error}</p>}
        {failing && (
          <p class="notice warn">
            The backend misbehaves on purpose. <a href="#/outage">Outage settings</a>
          </p>
        )}
      </div>
      <main id="main" tabIndex={-1}>
        {view === "usage" && <UsageView zone={zone} theme={shown} />}
        {view === "events" && detail === undefined && <LiveView zone={zone} />}
        {view === "events" && detail !== undefined && (
          <EventStory key={detail} id={Number(detail)} zone={zone} />
        )}
        {view === "customers" && <CustomersView zone={zone} />}
        {view === "delivery" && <DeliveryView zone={zone} />}
        {view === "outbox" && <OutboxView zone={zone} />}
        {view === "outage" && <OutageView faults={faults} />}
        {view === "send" && <SendView />}
      </main>
    </>
  );
};

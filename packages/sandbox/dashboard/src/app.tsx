import { useEffect, useRef } from "preact/hooks";
import type { FaultState } from "../../src/http/faults.ts";
import { faultsShape } from "./answer-shapes.ts";
import { CustomersView } from "./customers-view.tsx";
import { DeliveryView } from "./delivery-view.tsx";
import { EventStory } from "./event-story.tsx";
import { EventsView } from "./events-view.tsx";
import { Failed } from "./failed.tsx";
import { MetersView } from "./meters-view.tsx";
import { NotFound } from "./not-found.tsx";
import { OutageView } from "./outage-view.tsx";
import { OutboxView } from "./outbox-view.tsx";
import { PlaceContext, useAddress, usePlace } from "./place.ts";
import { ScopePage } from "./scope-page.tsx";
import { SendView } from "./send-view.tsx";
import { UsageView } from "./usage-view.tsx";
import { type Answered, dataOf, useAnswer } from "./use-answer.ts";
import { useScroll } from "./use-scroll.ts";
import { type Theme, useTheme } from "./use-theme.ts";

const VIEWS = [
  ["usage", "Usage"],
  ["meters", "Meters"],
  ["customers", "Customers"],
  ["events", "Events"],
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

/** Its successor is a number that the sandbox takes, too. */
const EVENT_NUMBER = /^[1-9]\d{0,13}$/;

const View = ({
  path: [view = "usage", detail, ...rest],
  faults,
}: {
  readonly path: readonly string[];
  readonly faults: Answered<FaultState>;
}) => {
  if (rest.length > 0) return <NotFound />;
  if (detail !== undefined) {
    if (view === "events")
      return EVENT_NUMBER.test(detail) ? (
        <EventStory key={detail} id={Number(detail)} />
      ) : (
        <NotFound what={`Expected an event number, got "${detail}".`} />
      );
    return view === "customers" || view === "tenants" || view === "meters" ? (
      <ScopePage key={`${view} ${detail}`} kind={view} id={detail} />
    ) : (
      <NotFound />
    );
  }
  switch (view) {
    case "usage":
      return <UsageView />;
    case "meters":
      return <MetersView />;
    case "events":
      return <EventsView />;
    case "customers":
    case "tenants":
      return <CustomersView />;
    case "delivery":
      return <DeliveryView />;
    case "outbox":
      return <OutboxView />;
    case "outage":
      return <OutageView faults={faults} />;
    case "send":
      return <SendView />;
    default:
      return <NotFound />;
  }
};

const titleOf = ([view = "usage", detail]: readonly string[]): string => {
  const name = VIEWS.find(([one]) => one === view)?.[1] ?? (view === "tenants" ? "Tenants" : "Not found");
  return `${detail === undefined ? name : `${detail} · ${name}`} · meter-lib sandbox`;
};

const Notices = ({ faults }: { readonly faults: Answered<FaultState> }) => {
  const { linkTo } = usePlace();
  const state = dataOf(faults);
  const failing = state !== undefined && (state.outcome !== "as_usual" || state.delay_ms > 0);
  return (
    <div class="notices" role="status">
      {"error" in faults && faults.error !== undefined && (
        <p class="notice bad">{faults.error} What is shown may be out of date.</p>
      )}
      {failing && (
        <p class="notice warn">
          The backend misbehaves on purpose. <a href={linkTo(["outage"])}>Outage settings</a>
        </p>
      )}
    </div>
  );
};

export const App = () => {
  const place = useAddress();
  const { path, zone, set, linkTo } = place;
  const { theme, choose } = useTheme();
  const faults = useAnswer("sandbox/v1/faults", faultsShape);
  const main = useRef<HTMLElement>(null);
  useScroll(main, place);

  useEffect(() => {
    document.title = titleOf(path);
  }, [path]);

  const current = path[0] === "tenants" ? "customers" : (path[0] ?? "usage");
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen not all views fit beside each other. Not with scrollIntoView: the Tab key would go on from there.
  useEffect(() => {
    const link = nav.current?.querySelector("[aria-current]")?.getBoundingClientRect();
    if (link !== undefined) nav.current?.scrollBy(link.left + link.width / 2 - innerWidth / 2, 0);
  }, [current]);

  return (
    <PlaceContext.Provider value={place}>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header>
        <div class="bar">
          <a class="brand" href={linkTo(["usage"])}>
            <img src="icon.svg" alt="" width="24" height="24" />
            meter-lib sandbox
          </a>
          <div class="settings">
            <select
              aria-label="Clock"
              value={zone}
              onChange={(e) => set({ clock: e.currentTarget.value === "utc" ? "utc" : "" })}
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
        <nav ref={nav} aria-label="Views">
          {VIEWS.map(([name, label]) => (
            <a key={name} href={linkTo([name])} aria-current={current === name ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </header>
      <Notices faults={faults} />
      <main id="main" ref={main} tabIndex={-1}>
        <Failed key={path.join("/")}>
          <View path={path} faults={faults} />
        </Failed>
      </main>
    </PlaceContext.Provider>
  );
};

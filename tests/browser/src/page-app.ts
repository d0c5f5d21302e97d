import { createBrowserMeter } from "@meter-lib/page";

/** How a page sends its events: with meter-lib, or as pages do by hand when they are hidden. */
export type Sender = "meter-lib" | "sendBeacon" | "fetch keepalive";

/** What the driver finds on a page as `app`. */
export interface PageApp {
  /** Records events at once; `text` goes along as metadata. */
  record(ids: readonly string[], text?: string): void;
  /** Resolves with what the receipts of all events so far say: `durable`, or why not. */
  durable(): Promise<readonly string[]>;
  /** Resolves when the first attempt to send is over, whatever came of it. */
  attempted(): Promise<void>;
  /** Resolves when what is recorded from now on is in the database at the end of its task. */
  opened(): Promise<void>;
  /** Ids of the dead letters, when there are any. */
  letters(): Promise<readonly string[]>;
  /** Sets the page's clock, by so many milliseconds from the true time. */
  setClock(shiftMs: number): void;
  /** How often the page came back from the back/forward cache. */
  readonly restored: number;
  /** What the document's visibility was, in order. */
  readonly visibility: readonly string[];
}

declare global {
  var app: PageApp;
  var pageSearch: string | undefined;
}

const FLUSH_MS = 1_000;

// A frame of `srcdoc` has no address of its own.
const options = new URLSearchParams(globalThis.pageSearch ?? location.search);
const sender = options.get("sender") as Sender;
const relay = options.get("relay") ?? "/relay";
const token = options.get("token");

const attempt = Promise.withResolvers<void>();
const trueNow = Date.now;
const setClock = (shiftMs: number) => {
  Date.now = () => trueNow() + shiftMs;
};
setClock(Number(options.get("clock") ?? 0));

// What a browser does not have.
const without = options.get("without");
const OWNERS: Readonly<Record<string, readonly (readonly [owner: object, name: string])[]>> = {
  locks: [[navigator, "locks"]],
  indexedDB: [[globalThis, "indexedDB"]],
  "newer APIs": [
    [Promise, "withResolvers"],
    [AbortSignal, "any"],
    [AbortSignal, "timeout"],
    [Object, "hasOwn"],
    [Object, "groupBy"],
    [Array.prototype, "toSorted"],
    [Array, "fromAsync"],
  ],
};
for (const [owner, name] of OWNERS[without ?? ""] ?? [])
  Object.defineProperty(owner, name, { value: undefined });

let restored = 0;
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) restored++;
});
const visibility: string[] = [document.visibilityState];
document.addEventListener("visibilitychange", () => visibility.push(document.visibilityState));

const watchedFetch: typeof fetch = async (...request) => {
  try {
    return await fetch(...request);
  } finally {
    attempt.resolve();
  }
};

const meterApp = () => {
  const client = createBrowserMeter({
    relayUrl: relay,
    tenant_id: "page",
    fetch: watchedFetch,
    ...(token === null ? {} : { token: token === "pending" ? () => new Promise<string>(() => {}) : token }),
    outbox: {
      name: options.get("outbox") ?? "meter-lib",
      leaseMs: Number(options.get("lease") ?? 90_000),
    },
    delivery: { lingerMs: FLUSH_MS, retryCapMs: 2_000 },
    timeoutMs: Number(options.get("timeout") ?? 10_000),
  });
  const receipts: ReturnType<typeof client.record>[] = [];
  return {
    record: (ids: readonly string[], text = "") => {
      for (const event_id of ids) {
        const event = { meter_id: "page.processed.basic", total_usage: 1, event_id } as const;
        receipts.push(client.record(text === "" ? event : { ...event, metadata: { text } }));
      }
    },
    durable: async () =>
      (await Promise.all(receipts.map(({ durable }) => durable))).map((outcome) =>
        outcome.ok ? "durable" : outcome.reason,
      ),
    opened: async () => void (await client.stats()),
    letters: async () => {
      for (;;) {
        const letters = await client.list();
        if (letters.length > 0) return letters.map(({ event }) => event.event_id);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
};

/** What a page does without a library: gathers, and sends when it is hidden or left. */
const plainApp = (send: (body: string) => void) => {
  let waiting: object[] = [];
  const flush = () => {
    if (waiting.length > 0) send(JSON.stringify({ sent_at: Date.now(), events: waiting }));
    waiting = [];
  };
  setInterval(flush, FLUSH_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") flush();
  });
  addEventListener("pagehide", flush);
  return {
    record: (ids: readonly string[], text = "") => {
      for (const event_id of ids) {
        const event = { event_id, meter_id: "page.processed.basic", event_time: Date.now(), total_usage: 1 };
        waiting.push(text === "" ? event : { ...event, metadata: { text } });
      }
    },
    durable: async () => [],
    opened: async () => {},
    letters: async () => [],
  };
};

const made =
  sender === "meter-lib"
    ? meterApp()
    : sender === "sendBeacon"
      ? plainApp((body) => {
          navigator.sendBeacon(relay, body);
          attempt.resolve();
        })
      : plainApp((body) => {
          watchedFetch(relay, { method: "POST", body, keepalive: true }).catch(() => {});
        });

globalThis.app = {
  ...made,
  setClock,
  attempted: () => attempt.promise,
  get restored() {
    return restored;
  },
  visibility,
};

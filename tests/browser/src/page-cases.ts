import type { BrowserPage } from "./browser-page.ts";
import { ENGINES } from "./find-engines.ts";
import type { Sender } from "./page-app.ts";
import type { RelayMood } from "./receiver.ts";
import type { Losses, PageCase, Trial, VisitOptions } from "./trial.ts";

const ALL: readonly Sender[] = ["meter-lib", "sendBeacon", "fetch keepalive"];
const EVENTS = 5;
const DAY_MS = 86_400_000;

const json = (value: unknown): string => JSON.stringify(value);

/** Records in the page; the script may go on in the same task. */
const recording = (ids: readonly string[], text = ""): string => `app.record(${json(ids)}, ${json(text)});`;

const recordDurably = async (page: BrowserPage, ids: readonly string[], text?: string): Promise<void> => {
  await page.run(recording(ids, text));
  const states = await page.run<readonly string[]>("app.durable()");
  const volatile = states.filter((state) => state !== "durable");
  if (volatile.length > 0) throw new Error(`expected durable receipts, got ${volatile.join()}`);
};

/** As durably as the sender can. */
const recordIn = async ({ sender }: Trial, page: BrowserPage, ids: readonly string[]): Promise<void> => {
  if (sender === "meter-lib") await recordDurably(page, ids);
  else await page.run(recording(ids));
};

const durability = async (page: BrowserPage): Promise<readonly string[]> => [
  ...new Set(await page.run<readonly string[]>("app.durable()")),
];

/** Without another visit. */
const delivered = async ({ receiver, issued }: Trial): Promise<void> => {
  if (!(await receiver.waitFor(issued, 12_000))) throw new Error("not delivered without another visit");
};

const allEngines = (reason: string): Losses => Object.fromEntries(ENGINES.map((engine) => [engine, reason]));

const expectEqual = (given: unknown, expected: unknown, what: string): void => {
  if (json(given) !== json(expected)) throw new Error(`${what}: ${json(given)} instead of ${json(expected)}`);
};

/** A page records and is left in the same task. */
const leaving = (name: string, leave: (trial: Trial) => string, text = ""): PageCase => ({
  name,
  senders: ALL,
  isDeliveredAtOnce: true,
  run: async (trial) => {
    const page = await trial.visit();
    // Its database is open.
    await page.run("app.opened()");
    await page.run(recording(trial.issue(EVENTS), text) + leave(trial), { wait: false });
  },
});

const CJK = "東京都庁舎の使用量🗼".repeat(530);

/** As other code on the page would: takes what the browser lets all keepalive bodies carry together, but for a few bytes. */
const USE_UP_BUDGET = `
  fetch("/elsewhere", { method: "POST", keepalive: true, body: "x".repeat(64 * 1024 - 50) }).catch(() => {});`;

/** How a page ends in the task that recorded. */
const ENDINGS: Readonly<
  Record<string, (trial: Trial, visit: VisitOptions, script: string) => Promise<void>>
> = {
  "tab closed": async (trial, visit, script) => {
    const opener = await trial.blank();
    await opener.run(`(async () => {
      const page = window.open(${json(trial.pageUrl(visit))});
      while (page.app === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      await page.app.opened();
      page.${script}
      page.close();
    })()`);
  },
  "navigation, same origin": (trial, visit, script) =>
    left(trial, visit, `${script} location.href = "/other";`),
  "navigation, other origin": (trial, visit, script) =>
    left(trial, visit, `${script} location.href = "${trial.receiver.otherOrigin}/other";`),
  reload: (trial, visit, script) => left(trial, visit, `${script} location.reload();`),
  "frame removed": async (trial, visit, script) => {
    const page = await trial.blank();
    await page.run(`(async () => {
      const frame = document.createElement("iframe");
      frame.src = ${json(trial.pageUrl(visit))};
      document.body.append(frame);
      while (frame.contentWindow.app === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      await frame.contentWindow.app.opened();
      frame.contentWindow.${script}
      frame.remove();
    })()`);
  },
  "srcdoc frame removed": async (trial, visit, script) => {
    const page = await trial.blank();
    const { search } = new URL(trial.pageUrl(visit));
    await page.run(`(async () => {
      const frame = document.createElement("iframe");
      frame.srcdoc = "<script>globalThis.pageSearch = " + JSON.stringify(${json(search)}) + "<" + "/script><script src=/app.js><" + "/script>";
      document.body.append(frame);
      while (frame.contentWindow?.app === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
      await frame.contentWindow.app.opened();
      frame.contentWindow.${script}
      frame.remove();
    })()`);
  },
  "recorded in pagehide": (trial, visit, script) =>
    left(trial, visit, `addEventListener("pagehide", () => { ${script} }); location.href = "/other";`),
};

const left = async (trial: Trial, visit: VisitOptions, script: string): Promise<void> => {
  const page = await trial.visit(visit);
  await page.run("app.opened()");
  await page.run(script, { wait: false });
};

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Circumstance {
  readonly count?: number;
  readonly text?: string;
  readonly mood?: RelayMood;
  readonly query?: Readonly<Record<string, string>>;
  readonly isLong?: boolean;
}

/** What stands in the way of what a page sends as it ends. */
const CIRCUMSTANCES: Readonly<Record<string, Circumstance>> = {
  "300 × 1 KB": { count: 300, text: "x".repeat(1_000) },
  "5 × 16 KiB of CJK text": { text: CJK },
  "relay down": { mood: "is down" },
  "relay silent": { mood: "is silent" },
  "connection cut": { mood: "is cut off", isLong: true },
  "token refused": { mood: "refuses" },
  "token not there yet": { query: { token: "pending" } },
  "no Web Locks": { query: { without: "locks", lease: "1500" } },
};

const ENDING_CASES: readonly PageCase[] = Object.entries(ENDINGS).flatMap(([ending, end]) =>
  Object.entries(CIRCUMSTANCES).map(
    ([circumstance, { count = EVENTS, text, mood, query = {}, isLong = false }]) => ({
      name: `${ending}, in the task that recorded: ${circumstance}`,
      isLong,
      run: async (trial: Trial) => {
        trial.receiver.mood = mood ?? "answers";
        const asked = trial.receiver.nextRequest();
        await end(trial, { query }, recording(trial.issue(count), text));
        // What the page sends as it ends meets that mood; not every browser lets it out.
        if (mood !== undefined) await Promise.race([asked, pause(1_500)]);
      },
    }),
  ),
);

/** It waits for the receipts: behind another page's transaction a commit has not started when `record()` returns, and ends with its worker. */
const worker = (name: string, kind: "Worker" | "SharedWorker", end: string): PageCase => ({
  name,
  run: async (trial) => {
    const page = await trial.visit();
    const { search } = new URL(trial.pageUrl());
    await page.run(`(async () => {
      const worker = new ${kind}("/worker.js${search}");
      const { port = worker } = worker;
      const told = new Promise((resolve) => { port.onmessage = resolve; });
      port.postMessage(${json(trial.issue(EVENTS))});
      await told;
      ${end}
    })()`);
    if (end === "") await page.close();
  },
});

/** Every way that a page ends, sleeps or fails, one case for each. */
export const PAGE_CASES: readonly PageCase[] = [
  {
    name: "tab closed in the task that recorded",
    senders: ALL,
    isDeliveredAtOnce: true,
    run: (trial) => closedAtOnce(trial, {}),
  },
  leaving("navigation, same origin", ({ receiver }) => `location.href = "${receiver.origin}/other";`),
  leaving("navigation, other origin", ({ receiver }) => `location.href = "${receiver.otherOrigin}/other";`),
  leaving("reload", () => "location.reload();"),
  {
    ...leaving(
      "navigation, 5 × 16 KiB of CJK text",
      ({ receiver }) => `location.href = "${receiver.otherOrigin}/other";`,
      CJK,
    ),
    // More than keepalive bodies may carry together: the rest waits for the next visit.
    isDeliveredAtOnce: false,
  },
  {
    ...leaving(
      "navigation, keepalive budget used up by other code, in the task that recorded",
      ({ receiver }) => `${USE_UP_BUDGET} location.href = "${receiver.otherOrigin}/other";`,
    ),
    isDeliveredAtOnce: false,
  },
  {
    name: "navigation, keepalive budget used up by other code, once durable",
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      await recordIn(trial, page, trial.issue(EVENTS));
      await page.run(`${USE_UP_BUDGET} location.href = "${trial.receiver.otherOrigin}/other";`, {
        wait: false,
      });
    },
  },
  {
    name: "recorded in the page's own pagehide handler",
    isDeliveredAtOnce: true,
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      const handler = recording(trial.issue(EVENTS));
      await page.run(`addEventListener("pagehide", () => { ${handler} }); location.href = "/other";`, {
        wait: false,
      });
    },
  },
  {
    name: "closed while the relay is silent",
    senders: ALL,
    run: async (trial) => {
      trial.receiver.mood = "is silent";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await page.run(recording(trial.issue(EVENTS)));
      await asked;
      await page.close();
    },
  },
  {
    name: "closed while the relay is down",
    senders: ALL,
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await page.run(recording(trial.issue(EVENTS)));
      await asked;
      await page.close();
    },
  },
  {
    name: "browser killed (SIGKILL) once durable",
    needs: ["be killed"],
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      await recordIn(trial, page, trial.issue(EVENTS));
      await trial.killBrowser();
    },
  },
  {
    name: "offline, recorded, browser killed; a new one is online",
    needs: ["offline", "be killed"],
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      await page.setOffline(true);
      await recordIn(trial, page, trial.issue(EVENTS));
      await page.run("app.attempted()");
      await trial.killBrowser();
    },
  },
  {
    name: "offline, then online on the same page",
    needs: ["offline"],
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      await page.setOffline(true);
      await page.run(recording(trial.issue(EVENTS)));
      await page.run("app.attempted()");
      await page.setOffline(false);
    },
  },
  {
    name: "storm of 20 × hidden and visible",
    needs: ["hide a tab"],
    isDeliveredAtOnce: true,
    senders: ALL,
    run: async (trial) => {
      const page = await trial.visit();
      const other = await trial.blank();
      for (let turn = 0; turn < 20; turn++) {
        await page.show();
        await page.run(recording(trial.issue(EVENTS)));
        await other.show();
      }
      const seen = await page.run<readonly string[]>("app.visibility");
      if (seen.filter((state) => state === "hidden").length < 5)
        throw new Error("the page was hardly hidden");
    },
  },
  {
    name: "back/forward cache: left, and back, with events in between",
    needs: ["keep pages in a cache"],
    run: async (trial) => {
      const page = await trial.visit();
      await page.run(recording(trial.issue(EVENTS)));
      await page.goto(`${trial.receiver.otherOrigin}/other`);
      await page.back();
      await recordDurably(page, trial.issue(EVENTS));
      expectEqual(await page.run("app.restored"), 1, "times restored");
    },
  },
  {
    name: "back/forward cache: the page there holds events, another one delivers them",
    needs: ["keep pages in a cache"],
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      const ids = trial.issue(EVENTS);
      await recordDurably(page, ids);
      await asked;
      await page.goto(`${trial.receiver.otherOrigin}/other`);
      trial.receiver.mood = "answers";
      await trial.visit();
      if (!(await trial.receiver.waitFor(ids, 12_000)))
        throw new Error("the page in the cache was waited for");
      await page.back();
      await recordDurably(page, trial.issue(EVENTS));
    },
  },
  {
    name: "frozen with events, another page delivers them, then it goes on",
    needs: ["freeze"],
    run: (trial) => frozen(trial, {}),
  },
  {
    name: "no Web Locks: frozen for longer than the lease",
    needs: ["freeze"],
    run: (trial) => frozen(trial, { query: { without: "locks", lease: "1500" } }),
  },
  {
    name: "8 tabs, the one with the events frozen",
    needs: ["freeze"],
    run: (trial) => manyTabs(trial, (owner) => owner.setFrozen(true)),
  },
  {
    name: "8 tabs, the one with the events closed",
    run: (trial) => manyTabs(trial, (owner) => owner.close()),
  },
  {
    name: "8 tabs record at once, all closed",
    run: async (trial) => {
      const tabs = await Promise.all(Array.from({ length: 8 }, () => trial.visit()));
      await Promise.all(tabs.map((tab) => tab.run(recording(trial.issue(EVENTS)))));
      await Promise.all(tabs.map((tab) => tab.close()));
    },
  },
  {
    name: "no Web Locks: closed while the relay is down, the next page waits for the lease",
    run: async (trial) => {
      const options = { query: { without: "locks", lease: "1500" } };
      trial.receiver.mood = "is down";
      const page = await trial.visit(options);
      const asked = trial.receiver.nextRequest();
      await recordDurably(page, trial.issue(EVENTS));
      await asked;
      await page.close();
      trial.receiver.mood = "answers";
      await trial.visit(options);
    },
  },
  {
    name: "no IndexedDB: volatile, says so, delivers",
    run: async (trial) => {
      const page = await trial.visit({ query: { without: "indexedDB" } });
      await page.run(recording(trial.issue(EVENTS)));
      expectEqual(await durability(page), ["volatile"], "durability");
    },
  },
  {
    name: "no IndexedDB, tab closed in the task that recorded",
    isDeliveredAtOnce: true,
    run: (trial) => closedAtOnce(trial, { query: { without: "indexedDB" } }),
  },
  {
    name: "IndexedDB of a newer version: volatile, says so, delivers",
    run: async (trial) => {
      const outbox = new URL(trial.pageUrl()).searchParams.get("outbox");
      const other = await trial.blank();
      await other.run(`new Promise((resolve) => {
        indexedDB.open(${json(outbox)}, 99).onsuccess = ({ target }) => { target.result.close(); resolve(); };
      })`);
      const page = await trial.visit();
      await page.run(recording(trial.issue(EVENTS)));
      expectEqual(await durability(page), ["volatile"], "durability");
      await other.run(`new Promise((resolve) => {
        indexedDB.deleteDatabase(${json(outbox)}).onsuccess = () => resolve();
      })`);
    },
  },
  {
    name: "IndexedDB evicted under a page with events",
    needs: ["evict"],
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await recordDurably(page, trial.issue(EVENTS));
      await asked;
      await page.clearStorage(trial.receiver.origin);
      await page.run(recording(trial.issue(EVENTS)));
      trial.receiver.mood = "answers";
    },
  },
  {
    name: "site data cleared by a header under a page with events",
    isLong: true,
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await recordDurably(page, trial.issue(EVENTS));
      await asked;
      const other = await trial.blank();
      await other.goto(`${trial.receiver.origin}/clear`);
      await page.run(recording(trial.issue(EVENTS)));
      trial.receiver.mood = "answers";
      await delivered(trial);
    },
  },
  {
    name: "all databases deleted under a page with events",
    isLong: true,
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await recordDurably(page, trial.issue(EVENTS));
      await asked;
      const other = await trial.blank();
      await other.run(`indexedDB.databases().then((all) => Promise.all(all.map(({ name }) => new Promise((resolve) => {
        indexedDB.deleteDatabase(name).onsuccess = () => resolve();
      })))).then(() => {})`);
      await page.run(recording(trial.issue(EVENTS)));
      trial.receiver.mood = "answers";
      await delivered(trial);
    },
  },
  {
    name: "a newer version of the database opened beside an old tab with events",
    isLong: true,
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      await recordDurably(page, trial.issue(EVENTS));
      await asked;
      const outbox = new URL(trial.pageUrl()).searchParams.get("outbox");
      const other = await trial.blank();
      // It opens without waiting for the old tab, and stays open.
      await other.run(`new Promise((resolve) => {
        indexedDB.open(${json(outbox)}, 99).onsuccess = ({ target }) => { globalThis.newer = target.result; resolve(); };
      })`);
      await page.run(recording(trial.issue(EVENTS)));
      trial.receiver.mood = "answers";
      await delivered(trial);
      await other.run(`new Promise((resolve) => {
        newer.close();
        indexedDB.deleteDatabase(${json(outbox)}).onsuccess = () => resolve();
      })`);
    },
  },
  {
    name: "2,000 events wait for the next visit",
    isLong: true,
    run: async (trial) => {
      trial.receiver.mood = "is down";
      const page = await trial.visit();
      await recordDurably(page, trial.issue(2_000));
      await page.close();
      trial.receiver.mood = "answers";
      await trial.visit();
      await delivered(trial);
    },
  },
  {
    name: "closed for 8 days, never sent",
    run: async (trial) => {
      const page = await trial.visit({ query: { token: "pending" } });
      await recordDurably(page, trial.issue(EVENTS));
      await page.close();
      await trial.visit({ query: { clock: String(8 * DAY_MS) } });
      await delivered(trial);
    },
  },
  {
    name: "closed for 8 days, sent before without an answer",
    isLong: true,
    losses: allEngines("the relay may have forgotten them: they are kept as dead letters, to be looked at"),
    run: async (trial) => {
      trial.receiver.mood = "is silent";
      const page = await trial.visit();
      const asked = trial.receiver.nextRequest();
      const ids = trial.issue(EVENTS);
      await recordDurably(page, ids);
      await asked;
      await page.close();
      trial.receiver.mood = "answers";
      const next = await trial.visit({ query: { clock: String(8 * DAY_MS) } });
      expectEqual(await next.run("app.letters()"), ids, "dead letters");
    },
  },
  ...[1, -1].map(
    (days): PageCase => ({
      name: `the clock set a day ${days > 0 ? "ahead" : "back"} between two visits`,
      run: async (trial) => {
        trial.receiver.mood = "is down";
        const page = await trial.visit();
        const asked = trial.receiver.nextRequest();
        await recordDurably(page, trial.issue(EVENTS));
        await asked;
        await page.close();
        trial.receiver.mood = "answers";
        await trial.visit({ query: { clock: String(days * DAY_MS) } });
        await delivered(trial);
      },
    }),
  ),
  ...[1, -1].map(
    (days): PageCase => ({
      name: `the clock set a day ${days > 0 ? "ahead" : "back"} under a page with events`,
      isLong: true,
      run: async (trial) => {
        trial.receiver.mood = "is down";
        const page = await trial.visit();
        const asked = trial.receiver.nextRequest();
        await recordDurably(page, trial.issue(EVENTS));
        await asked;
        await page.run(`app.setClock(${days * DAY_MS}); ${recording(trial.issue(EVENTS))}`);
        trial.receiver.mood = "answers";
        await delivered(trial);
      },
    }),
  ),
  {
    name: "newer APIs missing: durable, delivers",
    run: async (trial) => {
      const page = await trial.visit({ query: { without: "newer APIs" } });
      await recordDurably(page, trial.issue(EVENTS));
    },
  },
  ...ENDING_CASES,
  worker("dedicated worker, terminated once durable", "Worker", "worker.terminate();"),
  worker("dedicated worker, its page closed once durable", "Worker", ""),
  worker("shared worker, its page closed once durable", "SharedWorker", ""),
  {
    name: "service worker records what pages tell it",
    run: async (trial) => {
      const page = await trial.blank();
      const address = new URL(trial.pageUrl());
      await page.run(`(async () => {
        await navigator.serviceWorker.register("/worker.js${address.search}");
        const { active } = await navigator.serviceWorker.ready;
        active.postMessage(${json(trial.issue(EVENTS))});
      })()`);
    },
  },
];

const frozen = async (trial: Trial, options: Parameters<Trial["visit"]>[0]): Promise<void> => {
  trial.receiver.mood = "is down";
  const page = await trial.visit(options);
  const asked = trial.receiver.nextRequest();
  const ids = trial.issue(EVENTS);
  await recordDurably(page, ids);
  await asked;
  const other = await trial.blank();
  await other.show();
  await page.setFrozen(true);
  trial.receiver.mood = "answers";
  await trial.visit(options);
  if (!(await trial.receiver.waitFor(ids, 12_000))) throw new Error("the frozen page was waited for");
  await page.setFrozen(false);
  await recordDurably(page, trial.issue(EVENTS));
};

/** Only a page that opened another one may close it in the same task. */
const closedAtOnce = async (trial: Trial, options: Parameters<Trial["visit"]>[0]): Promise<void> => {
  const opener = await trial.blank();
  await opener.run(`(async () => {
    const page = window.open(${json(trial.pageUrl(options))});
    while (page.app === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    page.${recording(trial.issue(EVENTS))}
    page.close();
  })()`);
};

const manyTabs = async (trial: Trial, end: (owner: BrowserPage) => Promise<void>): Promise<void> => {
  trial.receiver.mood = "is down";
  const owner = await trial.visit();
  const asked = trial.receiver.nextRequest();
  const ids = trial.issue(EVENTS);
  await recordDurably(owner, ids);
  await asked;
  const others = await Promise.all(Array.from({ length: 7 }, () => trial.visit()));
  for (const other of others) await recordDurably(other, trial.issue(1));
  await others[0]?.show();
  await end(owner);
  trial.receiver.mood = "answers";
  if (!(await trial.receiver.waitFor(ids, 12_000))) throw new Error("nobody took over");
};

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackendKind, startBackend } from "./backend.ts";
import type { Ability, BrowserPage, PageBrowser } from "./browser-page.ts";
import { bundlePage } from "./bundle-page.ts";
import type { Engine } from "./find-engines.ts";
import type { Sender } from "./page-app.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

/** What one trial works with. Its pages share an outbox that no other trial has. */
export interface Trial {
  readonly receiver: Receiver;
  readonly sender: Sender;
  /** Issues ids; the journal that the receiver's log is held against. */
  issue(count: number): readonly string[];
  /** All that were issued. */
  readonly issued: readonly string[];
  /** Opens a page of the sender in the browser. */
  visit(options?: VisitOptions): Promise<BrowserPage>;
  pageUrl(options?: VisitOptions): string;
  /** Opens a page without a sender. */
  blank(): Promise<BrowserPage>;
  /** Ends the browser with SIGKILL; the next visit is in a new one on the same profile. */
  killBrowser(): Promise<void>;
}

export interface VisitOptions {
  /** Added to the page's address. */
  readonly query?: Readonly<Record<string, string>>;
}

export type Losses = Partial<Readonly<Record<Engine, string>>>;

export interface PageCase {
  readonly name: string;
  /** Those that can be compared in this case. @default meter-lib alone */
  readonly senders?: readonly Sender[];
  /** Needs a browser that can be made to. @default nothing */
  readonly needs?: readonly Ability[];
  /** Nothing may be missing when the page is gone: the events left with it. @default false */
  readonly isDeliveredAtOnce?: boolean;
  /** Why its events are lost in an engine, whatever a page does. */
  readonly losses?: Losses | undefined;
  /** Is left to the long form. @default false */
  readonly isLong?: boolean;
  readonly run: (trial: Trial) => Promise<void>;
}

/** How one trial ended, by the receiver's raw log alone; with a backend, by what was counted there. */
export interface TrialResult {
  readonly issued: number;
  /** Missing when the page was gone. */
  readonly missingAtOnce: number;
  /** Still missing after the next visit. */
  readonly lost: number;
  /** Events that arrived again. */
  readonly received_again: number;
  /** Of those, how many said something else than the first time: they could not be recognised. */
  readonly unequal: number;
  /** Events that the backend counted more than once. */
  readonly countedTwice: number;
}

const NEXT_VISIT_MS = 12_000;

/** A browser and a receiver for many trials. */
export interface TrialGround {
  /** Why the case cannot be run there; undefined: it can. */
  obstacleTo(pageCase: PageCase): string | undefined;
  run(pageCase: PageCase, sender: Sender): Promise<TrialResult>;
  close(): Promise<void>;
}

/**
 * @param atOnceMs - how long to wait after a page is gone before its events count as missing
 * @param countedAt - where events are counted behind a real relay; without it the receiver is the relay
 */
export const openTrialGround = async (
  start: (profile: string) => Promise<PageBrowser>,
  atOnceMs: number,
  countedAt?: BackendKind,
): Promise<TrialGround> => {
  const backend = countedAt === undefined ? undefined : await startBackend(countedAt);
  const receiver = await startReceiver(backend);
  receiver.scripts = {
    "/app.js": await bundlePage("page-app"),
    "/worker.js": await bundlePage("worker-app"),
  };
  const profile = await mkdtemp(join(tmpdir(), "page-life-"));
  let browser: PageBrowser | undefined;
  let trials = 0;

  const running = async (): Promise<PageBrowser> => {
    browser ??= await start(profile);
    return browser;
  };

  const run = async ({ run, isDeliveredAtOnce }: PageCase, sender: Sender): Promise<TrialResult> => {
    trials++;
    receiver.mood = "answers";
    const name = `trial-${trials}`;
    const ids: string[] = [];
    const pages: BrowserPage[] = [];
    const pageUrl = ({ query = {} }: VisitOptions = {}): string =>
      `${receiver.origin}/page?${new URLSearchParams({
        sender,
        outbox: name,
        relay: `${receiver.otherOrigin}/relay`,
        ...query,
      })}`;
    const open = async (url: string): Promise<BrowserPage> => {
      const page = await (await running()).newPage(url);
      pages.push(page);
      return page;
    };
    const trial: Trial = {
      receiver,
      sender,
      issued: ids,
      issue: (count) => {
        const issued = Array.from({ length: count }, (_, index) => `${name}-${ids.length + index}`);
        ids.push(...issued);
        return issued;
      },
      pageUrl,
      visit: (options) => open(pageUrl(options)),
      blank: () => open(`${receiver.origin}/other`),
      killBrowser: async () => {
        await browser?.kill();
        browser = undefined;
        pages.length = 0;
      },
    };
    await run(trial);
    receiver.mood = "answers";
    const arrivedAtOnce = await receiver.waitFor(ids, isDeliveredAtOnce ? NEXT_VISIT_MS : atOnceMs);
    const missingAtOnce = missing(receiver, ids);
    if (!arrivedAtOnce && sender === "meter-lib") {
      await trial.visit();
      await receiver.waitFor(ids, NEXT_VISIT_MS);
    }
    const counted = await backend?.counted(ids);
    const result = {
      issued: ids.length,
      missingAtOnce,
      lost: counted?.filter((times) => times === 0).length ?? missing(receiver, ids),
      ...again(receiver, ids),
      countedTwice: counted?.filter((times) => times > 1).length ?? 0,
    };
    for (const page of pages) await page.close().catch(() => {});
    receiver.hangUp();
    return result;
  };

  const can = new Set((await running()).can);
  if (await hidesTabs(await running(), receiver.origin)) {
    can.add("hide a tab");
    can.add("keep pages in a cache");
  }

  return {
    obstacleTo: ({ needs = [] }) => {
      const missing = needs.filter((ability) => !can.has(ability));
      return missing.length === 0 ? undefined : `this browser cannot be made to: ${missing.join()}`;
    },
    run,
    close: async () => {
      await browser?.kill();
      await receiver.close();
      await backend?.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

/** Chromium's headless shell has no tabs, so it neither hides pages nor keeps them. */
const hidesTabs = async (browser: PageBrowser, origin: string): Promise<boolean> => {
  const [behind, front] = [
    await browser.newPage(`${origin}/other`),
    await browser.newPage(`${origin}/other`),
  ];
  await front.show();
  const visibility = await behind.run<string>(
    "new Promise((resolve) => setTimeout(() => resolve(document.visibilityState), 300))",
  );
  await Promise.all([behind.close(), front.close()]);
  return visibility === "hidden";
};

const missing = ({ arrivals }: Receiver, ids: readonly string[]): number => {
  const arrived = new Set(arrivals.map(({ event_id }) => event_id));
  return ids.filter((id) => !arrived.has(id)).length;
};

const again = ({ arrivals }: Receiver, ids: readonly string[]) => {
  const mine = new Set(ids);
  const texts = new Map<string, string>();
  let received_again = 0;
  let unequal = 0;
  for (const { event_id, text } of arrivals) {
    if (!mine.has(event_id)) continue;
    const first = texts.get(event_id);
    texts.set(event_id, first ?? text);
    if (first === undefined) continue;
    received_again++;
    if (first !== text) unequal++;
  }
  return { received_again, unequal };
};

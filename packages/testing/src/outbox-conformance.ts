import { type LogOptions, logOutbox, logView, type OutboxView } from "@meter-lib/core/store";
import { arrivalCases } from "./outbox/arrival-cases.ts";
import { boundCases } from "./outbox/bound-cases.ts";
import { claimCases } from "./outbox/claim-cases.ts";
import type { CaseContext, ConformanceCase, OutboxPlace } from "./outbox/conformance-case.ts";
import { correctionCases } from "./outbox/correction-cases.ts";
import { damageCases } from "./outbox/damage-cases.ts";
import { deadLetterCases } from "./outbox/dead-letter-cases.ts";
import { eraseCases } from "./outbox/erase-cases.ts";
import { forgetfulStore } from "./outbox/forgetful-store.ts";
import { freezeCases } from "./outbox/freeze-cases.ts";
import { identityCases } from "./outbox/identity-cases.ts";
import { modelCase } from "./outbox/model-case.ts";
import { OpenedOutbox } from "./outbox/opened-outbox.ts";
import { forgetfulCases, ownerCases, volatileCases } from "./outbox/owner-cases.ts";
import { refutationCases } from "./outbox/refutation-cases.ts";
import { segmentCases } from "./outbox/segment-cases.ts";
import { sessionCases } from "./outbox/session-cases.ts";
import { settlementCases } from "./outbox/settlement-cases.ts";
import { viewCases } from "./outbox/view-cases.ts";
import { suiteOf, type TestRunner } from "./test-runner.ts";

// Some cases make dozens of stores, and a store may be a process.
const TIMEOUT_MS = 60_000;

export interface OutboxConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Whether the outbox is durable. Several durable outboxes must be able to share one store. */
  readonly durable: boolean;
  /**
   * Creates a new, empty place for each test.
   *
   * @param options - options for the outboxes of this place
   */
  create(options: LogOptions): OutboxPlace | Promise<OutboxPlace>;
  /** @default the globals `describe`, `test` and `expect` */
  readonly runner?: TestRunner | undefined;
}

const DAY_MS = 86_400_000;

const OPTIONS: LogOptions = {
  limits: { maxEvents: 10_000, maxBytes: 16 * 1024 * 1024 },
  tombstones: { windowMs: DAY_MS, max: 250_000 },
  deadLetters: { maxEvents: 10_000, maxBytes: 16 * 1024 * 1024 },
  ledgerMs: 366 * DAY_MS,
};

/**
 * Registers the tests that every outbox must pass: identities, accounts, leases, claims, dead letters, the ledger, sessions, views,
 * several owners and their death. It also runs in a browser.
 *
 * @example The log over your own store
 * ```ts
 * outboxConformance({
 *   name: "my store",
 *   durable: true,
 *   create: async (options) => {
 *     const place = await newPlace();
 *     const store = () => myStore(place);
 *     return { outbox: () => logOutbox(store(), options), store, dispose: () => place.remove() };
 *   },
 * });
 * ```
 */
export const outboxConformance = (options: OutboxConformanceOptions): void => {
  const { describe, test } = suiteOf(options.runner);
  describe(`outbox: ${options.name}`, () => {
    for (const conformanceCase of outboxCases(options.durable)) {
      test(
        conformanceCase.name,
        async ({ skip }) => {
          const ran = await runOutboxCase(conformanceCase, options);
          if (!ran) skip(`what it needs is not given: \`${conformanceCase.needs}\``);
        },
        TIMEOUT_MS,
      );
    }
  });
};

/** The cases, without a test runner. */
export const outboxCases = (durable: boolean): readonly ConformanceCase[] =>
  [
    ...identityCases,
    ...segmentCases,
    ...settlementCases,
    ...claimCases,
    ...deadLetterCases,
    ...eraseCases,
    ...boundCases,
    ...refutationCases,
    ...correctionCases,
    ...freezeCases,
    ...damageCases,
    ...sessionCases,
    ...ownerCases,
    ...forgetfulCases,
    ...arrivalCases,
    ...viewCases,
    ...(durable ? [] : volatileCases),
    modelCase(durable),
  ].filter(({ needs }) => durable || needs === undefined);

/** Runs one case at a new place. Resolves to false if the place lacks what the case needs. */
export const runOutboxCase = async (
  { needs, settings = {}, run }: ConformanceCase,
  { create }: Pick<OutboxConformanceOptions, "create">,
): Promise<boolean> => {
  const options = { ...OPTIONS, ...settings };
  let place = await create(options);
  let opened: (OpenedOutbox | OutboxView)[] = [];
  const dispose = async (): Promise<void> => {
    for (const outbox of opened) await outbox.close();
    opened = [];
    await place.dispose();
  };
  const open = async (outbox: Parameters<typeof OpenedOutbox.open>[0]): Promise<OpenedOutbox> => {
    const one = await OpenedOutbox.open(outbox);
    opened.push(one);
    return one;
  };
  const openStore = async () => {
    const store = await place.store?.();
    if (store === undefined) throw new Error("the place has no store");
    return store;
  };
  const context: CaseContext = {
    renew: async () => {
      await dispose();
      place = await create(options);
    },
    open: async () => open(await place.outbox()),
    openView: async () => {
      const view = (await place.view?.()) ?? logView(await openStore(), options);
      opened.push(view);
      await view.open();
      return view;
    },
    openMortal: async () => {
      const mortal = await place.mortal?.();
      if (mortal === undefined) throw new Error("the place has no mortal outbox");
      return { outbox: await OpenedOutbox.open(mortal.outbox), kill: async () => mortal.kill() };
    },
    openForgetful: async () => {
      const store = await openStore();
      const forgetful = forgetfulStore(store);
      const { bodies } = await place.outbox();
      const outbox = await open(logOutbox(forgetful.store, { ...options, bodies }));
      return { ...forgetful, outbox, store };
    },
  };
  try {
    if ((needs === "mortal" || needs === "store") && place[needs] === undefined) return false;
    await run(context);
    return true;
  } finally {
    await dispose();
  }
};

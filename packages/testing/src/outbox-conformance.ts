import { claimCases } from "./outbox/claim-cases.ts";
import type { CaseContext, ConformanceCase, OutboxStore, StoreSettings } from "./outbox/conformance-case.ts";
import { deadLetterCases } from "./outbox/dead-letter-cases.ts";
import { identityCases } from "./outbox/identity-cases.ts";
import { modelCase } from "./outbox/model-case.ts";
import { OpenedOutbox } from "./outbox/opened-outbox.ts";
import { ownerCases, volatileCases } from "./outbox/owner-cases.ts";
import { sessionCases } from "./outbox/session-cases.ts";
import { settlementCases } from "./outbox/settlement-cases.ts";
import { suiteOf, type TestRunner } from "./test-runner.ts";

// Some cases make dozens of stores, and a store may be a process.
const TIMEOUT_MS = 60_000;

export interface OutboxConformanceOptions {
  /** Heads the tests. */
  readonly name: string;
  /** What the outbox says of itself. A durable one must let several outboxes share one store. */
  readonly durable: boolean;
  /** A new, empty store for each test. */
  create(settings: StoreSettings): OutboxStore | Promise<OutboxStore>;
  /** @default the globals `describe`, `test` and `expect` */
  readonly runner?: TestRunner | undefined;
}

/**
 * Registers the tests that every outbox has to pass: identities, accounts, leases, claims, dead letters, the ledger, sessions,
 * several owners and their death. Uses nothing of Node, so it runs in a browser too.
 *
 * @example An outbox of one's own
 * ```ts
 * outboxConformance({
 *   name: "my outbox",
 *   durable: true,
 *   create: async ({ limits }) => {
 *     const place = await newPlace();
 *     return { outbox: () => myOutbox({ place, limits }), dispose: () => place.remove() };
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
          if (!ran) skip("this store cannot end an outbox without closing it (`mortal` is not given)");
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
    ...settlementCases,
    ...claimCases,
    ...deadLetterCases,
    ...sessionCases,
    ...ownerCases,
    ...(durable ? [] : volatileCases),
    modelCase(durable),
  ].filter(({ needs }) => durable || needs === undefined);

/** Runs one case on a new store. Answers false when the store cannot do what the case needs. */
export const runOutboxCase = async (
  { needs, settings = {}, run }: ConformanceCase,
  { create }: Pick<OutboxConformanceOptions, "create">,
): Promise<boolean> => {
  let store = await create(settings);
  let opened: OpenedOutbox[] = [];
  const dispose = async (): Promise<void> => {
    for (const { outbox } of opened) await outbox.close();
    opened = [];
    await store.dispose();
  };
  const context: CaseContext = {
    renew: async () => {
      await dispose();
      store = await create(settings);
    },
    open: async () => {
      const outbox = await OpenedOutbox.open(await store.outbox());
      opened.push(outbox);
      return outbox;
    },
    openMortal: async () => {
      const mortal = await store.mortal?.();
      if (mortal === undefined) throw new Error("the store has no mortal outbox");
      return { outbox: await OpenedOutbox.open(mortal.outbox), kill: async () => mortal.kill() };
    },
  };
  try {
    if (needs === "mortal" && store.mortal === undefined) return false;
    await run(context);
    return true;
  } finally {
    await dispose();
  }
};

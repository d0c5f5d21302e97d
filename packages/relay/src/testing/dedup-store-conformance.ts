import { describe, expect, test } from "vitest";
import type { ClaimAnswer, DedupStore } from "../dedup/dedup-store.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A place where the stores of one test are opened, empty at first. */
export interface DedupPlace {
  /** Returns a store at this place. Called several times if `shared`; the stores are then used at the same time. */
  store(): Awaitable<DedupStore>;
  /** Removes the place. Its stores may still be open. */
  dispose(): Awaitable<void>;
}

export interface DedupStoreConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Whether several stores, also of several processes, can share one place. */
  readonly shared: boolean;
  /** Creates a new, empty place for each test. Its stores remember identities for this window, in milliseconds. */
  create(settings: { readonly windowMs: number }): Awaitable<DedupPlace>;
}

const WINDOW_MS = 600_000;
const LEASE_MS = 30_000;
const NOW = Date.UTC(2026, 0, 15, 10, 30);

/**
 * Registers the tests that every dedup store must pass, with vitest. Leases must follow the `now` that is passed. Expiry may follow the
 * store's own clock (a TTL): the suite never requires an identity to expire.
 *
 * @example Your own store
 * ```ts
 * dedupStoreConformance({
 *   name: "redis",
 *   shared: true,
 *   create: async ({ windowMs }) => {
 *     const prefix = crypto.randomUUID();
 *     return { store: () => redisDedup({ client, prefix, windowMs }), dispose: () => clear(client, prefix) };
 *   },
 * });
 * ```
 */
export const dedupStoreConformance = ({ name, shared, create }: DedupStoreConformanceOptions): void => {
  const withPlace = async (run: (place: DedupPlace) => Promise<void>): Promise<void> => {
    const place = await create({ windowMs: WINDOW_MS });
    try {
      await run(place);
    } finally {
      await place.dispose();
    }
  };
  const withStore = (run: (tester: Tester) => Promise<void>) => () =>
    withPlace(async (place) => {
      const store = await place.store();
      await run(new Tester(store));
      await store[Symbol.asyncDispose]?.();
    });

  describe(`dedup store: ${name}`, () => {
    test(
      "declares the window that it was given",
      withStore(async ({ store }) => expect(store.windowMs).toBe(WINDOW_MS)),
    );

    test(
      "an unknown identity is claimed, with the note given",
      withStore(async (tester) => {
        expect(await tester.claim("a")).toEqual({ state: "claimed", note: "note of a", lapsed: false });
      }),
    );

    test(
      "one that another owner holds is held until the lease ends, and keeps its first note",
      withStore(async (tester) => {
        await tester.claim("a");
        expect(await tester.claim("b", NOW + 5)).toEqual({
          state: "held",
          note: "note of a",
          until: NOW + LEASE_MS,
          holder: "",
        });
        expect(await tester.claim("b", NOW + LEASE_MS - 1)).toMatchObject({ state: "held" });
      }),
    );

    test(
      "a confirmed one is confirmed for everybody, also long after the lease, until the window ends",
      withStore(async (tester) => {
        await tester.claim("a");
        await tester.confirm("other note", NOW + 10);
        for (const owner of ["a", "b"]) {
          for (const now of [NOW + 20, NOW + LEASE_MS * 3, NOW + WINDOW_MS + 9])
            expect(await tester.claim(owner, now)).toEqual({ state: "confirmed", note: "note of a" });
        }
      }),
    );

    test(
      "a released one is forgotten, note and all",
      withStore(async (tester) => {
        await tester.claim("a");
        await tester.release("a");
        expect(await tester.claim("b", NOW + 1)).toEqual({
          state: "claimed",
          note: "note of b",
          lapsed: false,
        });
      }),
    );

    test(
      "only who holds a claim releases it",
      withStore(async (tester) => {
        await tester.claim("a");
        await tester.release("b");
        expect(await tester.claim("b", NOW + 1)).toMatchObject({ state: "held" });
      }),
    );

    test(
      "a confirmed one is not released",
      withStore(async (tester) => {
        await tester.claim("a");
        await tester.confirm();
        await tester.release("a");
        await tester.release("");
        expect(await tester.claim("b", NOW + 1)).toMatchObject({ state: "confirmed" });
      }),
    );

    test(
      "a lapsed claim goes to the next, who is told, with the first note",
      withStore(async (tester) => {
        await tester.claim("a");
        const later = NOW + LEASE_MS;
        expect(await tester.claim("b", later)).toEqual({ state: "claimed", note: "note of a", lapsed: true });
        expect(await tester.claim("c", later + 1)).toMatchObject({ state: "held", until: later + LEASE_MS });
      }),
    );

    test(
      "a lapsed claim waits for its holder, and goes to no other",
      withStore(async (tester) => {
        await tester.claim("a", NOW, "outbox 1");
        const later = NOW + LEASE_MS;
        const held = { state: "held", note: "note of a", until: later, holder: "outbox 1" };
        expect(await tester.claim("b", later, "outbox 2")).toEqual(held);
        expect(await tester.claim("c", later + LEASE_MS)).toEqual(held);
        expect(await tester.claim("d", later + LEASE_MS, "outbox 1")).toEqual({
          state: "claimed",
          note: "note of a",
          lapsed: true,
        });
      }),
    );

    test(
      "claimed again by its owner, it keeps its holder",
      withStore(async (tester) => {
        await tester.claim("a", NOW, "outbox 1");
        expect(await tester.claim("a", NOW + 1, "outbox 2")).toMatchObject({
          state: "claimed",
          lapsed: false,
        });
        expect(await tester.claim("b", NOW + 2)).toMatchObject({ state: "held", holder: "outbox 1" });
      }),
    );

    test(
      "of one call some are confirmed and others released",
      withStore(async ({ store }) => {
        const claim = (owner: string, now: number) =>
          store.claim({
            tenant_id: "t",
            owner,
            now,
            leaseMs: LEASE_MS,
            entries: ["a", "b", "c"].map((event_id) => ({ event_id, note: owner })),
          });
        await claim("x", NOW);
        const confirmed = [{ event_id: "a", note: "x" }];
        await store.settle({ tenant_id: "t", owner: "x", now: NOW + 1, confirmed, released: ["c"] });
        expect(await claim("y", NOW + 2)).toEqual([
          { state: "confirmed", note: "x" },
          { state: "held", note: "x", until: NOW + LEASE_MS, holder: "" },
          { state: "claimed", note: "y", lapsed: false },
        ]);
      }),
    );

    test(
      "whose claim lapsed releases nothing any more, and still confirms",
      withStore(async (tester) => {
        await tester.claim("a");
        await tester.claim("b", NOW + LEASE_MS);
        await tester.release("a");
        expect(await tester.claim("c", NOW + LEASE_MS + 1)).toMatchObject({ state: "held" });
        await tester.confirm("late", NOW + LEASE_MS + 2);
        expect(await tester.claim("c", NOW + LEASE_MS + 3)).toMatchObject({ state: "confirmed" });
      }),
    );

    test(
      "the same owner's claim begins its lease anew",
      withStore(async (tester) => {
        await tester.claim("a");
        const later = NOW + LEASE_MS - 1;
        expect(await tester.claim("a", later)).toEqual({
          state: "claimed",
          note: "note of a",
          lapsed: false,
        });
        expect(await tester.claim("b", NOW + LEASE_MS + 1)).toMatchObject({
          state: "held",
          until: later + LEASE_MS,
        });
      }),
    );

    test(
      "an unknown one that is confirmed is remembered",
      withStore(async (tester) => {
        await tester.confirm("n");
        expect(await tester.claim("a", NOW + 1)).toEqual({ state: "confirmed", note: "n" });
      }),
    );

    test(
      "tenants, and ids that look like parts of one another, are kept apart",
      withStore(async ({ store }) => {
        const claim = (tenant_id: string, event_id: string) =>
          store.claim({
            tenant_id,
            owner: "a",
            now: NOW,
            leaseMs: LEASE_MS,
            entries: [{ event_id, note: "" }],
          });
        const identities = [
          ["t", "e"],
          ["t e", "e"],
          ["t", "e:e"],
          ["t:e", "e"],
          ["t\u0000", "e"],
          ["T", "e"],
          ["t", "E"],
          ["日本", "e"],
          ["", "e"],
        ] as const;
        for (const [tenant_id, event_id] of identities) {
          expect(await claim(tenant_id, event_id)).toEqual([{ state: "claimed", note: "", lapsed: false }]);
        }
      }),
    );

    test(
      "many at once are answered in order",
      withStore(async ({ store }) => {
        const ids = Array.from({ length: 500 }, (_, index) => `event-${index}`);
        const entries = ids.map((event_id) => ({ event_id, note: `note of ${event_id}` }));
        const even = entries.filter((_, index) => index % 2 === 0);
        await store.settle({ tenant_id: "t", owner: "b", now: NOW, confirmed: even, released: [] });
        const answers = await store.claim({
          tenant_id: "t",
          owner: "a",
          now: NOW,
          leaseMs: LEASE_MS,
          entries: entries.toReversed(),
        });
        expect(answers.map(({ state, note }) => `${state} ${note}`)).toEqual(
          ids.map((id, index) => `${index % 2 === 0 ? "confirmed" : "claimed"} note of ${id}`).toReversed(),
        );
      }),
    );

    test(
      "a note of 1,000 characters comes back as it went in",
      withStore(async ({ store }) => {
        const note = `"'\\日本\u{1f600}${"x".repeat(990)}`;
        const claim = { tenant_id: "t", now: NOW, leaseMs: LEASE_MS, entries: [{ event_id: "e", note }] };
        await store.claim({ ...claim, owner: "a" });
        expect(await store.claim({ ...claim, owner: "b" })).toMatchObject([{ note }]);
      }),
    );

    test(
      "of many who claim at once, one gets it",
      withStore(async (tester) => {
        const owners = Array.from({ length: 20 }, (_, index) => `owner-${index}`);
        const answers = await Promise.all(owners.map((owner) => tester.claim(owner)));
        expect(answers.filter((answer) => answer?.state === "claimed")).toHaveLength(1);
        expect(answers.filter((answer) => answer?.state === "held")).toHaveLength(19);
      }),
    );

    if (!shared) return;
    test("stores on one place know of each other, and one of many gets a claim", () =>
      withPlace(async (place) => {
        const stores = await Promise.all([place.store(), place.store(), place.store()]);
        const testers = stores.map((store) => new Tester(store));
        const answers = await Promise.all(testers.map((tester, index) => tester.claim(`owner-${index}`)));
        expect(answers.filter((answer) => answer?.state === "claimed")).toHaveLength(1);
        await testers[0]?.confirm();
        expect(await testers[2]?.claim("late", NOW + 1)).toMatchObject({ state: "confirmed" });
        for (const store of stores) await store[Symbol.asyncDispose]?.();
      }));
  });
};

/** An identity that several owners claim. */
class Tester {
  readonly store: DedupStore;

  constructor(store: DedupStore) {
    this.store = store;
  }

  async claim(owner: string, now = NOW, holder?: string): Promise<ClaimAnswer | undefined> {
    const entries = [{ event_id: "event-1", note: `note of ${owner}` }];
    const answers = await this.store.claim({
      tenant_id: "tenant_123",
      owner,
      ...(holder === undefined ? {} : { holder }),
      now,
      leaseMs: LEASE_MS,
      entries,
    });
    expect(answers, "an answer for each entry").toHaveLength(1);
    return answers[0];
  }

  async confirm(note = "", now = NOW): Promise<void> {
    const confirmed = [{ event_id: "event-1", note }];
    await this.store.settle({ tenant_id: "tenant_123", owner: "any", now, confirmed, released: [] });
  }

  async release(owner: string): Promise<void> {
    await this.store.settle({
      tenant_id: "tenant_123",
      owner,
      now: NOW,
      confirmed: [],
      released: ["event-1"],
    });
  }
}

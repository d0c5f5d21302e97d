import type { CustomerLookup } from "@meter-lib/core";
import { expect } from "./expect.ts";
import { later, soon } from "./soon.ts";
import { suiteOf, type TestRunner } from "./test-runner.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A lookup that knows the customers it was created with. */
export interface LookupUnderTest {
  readonly lookup: CustomerLookup;
  /** Makes the backend refuse connections from now on. Cases that need it are skipped without it. */
  goAway?(): Awaitable<void>;
  /** Makes the backend stop responding from now on. Cases that need it are skipped without it. */
  fallSilent?(): Awaitable<void>;
  dispose(): Awaitable<void>;
}

export interface CustomerLookupConformanceOptions {
  /** Title of the tests. */
  readonly name: string;
  /** Called for each test, with the customer ids by tenant id. All other tenants have no customer. */
  create(customers: Readonly<Record<string, string>>): Awaitable<LookupUnderTest>;
  /** @default the globals `describe`, `test` and `expect` */
  readonly runner?: TestRunner | undefined;
}

const CUSTOMERS = { "tenant-1": "customer-1", "tenant-2": "customer-2" };
const ODD_TENANTS = [
  "tenant/1",
  "..",
  "tenant 1",
  "租户",
  "constructor",
  "__proto__",
  "%2e%2e",
  "t?x=1",
  "t#1",
];

const ask = (lookup: CustomerLookup, tenant_id: string, signal = new AbortController().signal) =>
  lookup.lookup(tenant_id, { signal });

/**
 * Registers the tests that every customer lookup must pass: known tenants, unknown tenants, and failures. It also runs in a browser.
 *
 * @example Your own lookup
 * ```ts
 * customerLookupConformance({
 *   name: "my lookup",
 *   create: (customers) => ({ lookup: myLookup(customers), dispose: () => {} }),
 * });
 * ```
 */
export const customerLookupConformance = ({
  name,
  create,
  runner,
}: CustomerLookupConformanceOptions): void => {
  const { describe, test } = suiteOf(runner);
  const using = async (run: (under: LookupUnderTest) => Promise<void>): Promise<void> => {
    const under = await create(CUSTOMERS);
    try {
      await run(under);
    } finally {
      await under.dispose();
    }
  };

  describe(`customer lookup: ${name}`, () => {
    test("finds the customer of each tenant, also when asked again", () =>
      using(async ({ lookup }) => {
        for (let i = 0; i < 2; i++) {
          expect(await ask(lookup, "tenant-1")).toEqual({ state: "found", customer_id: "customer-1" });
          expect(await ask(lookup, "tenant-2")).toEqual({ state: "found", customer_id: "customer-2" });
        }
      }));

    test("says that a tenant has no customer: that is no failure", () =>
      using(async ({ lookup }) => {
        expect(await ask(lookup, "tenant-3")).toMatchObject({ state: "unknown" });
      }));

    test("many questions at once get each their own answer", () =>
      using(async ({ lookup }) => {
        const asked = ["tenant-1", "tenant-2", "tenant-3", "tenant-1", "tenant-3", "tenant-2"];
        const answers = await Promise.all(asked.map((tenant_id) => ask(lookup, tenant_id)));
        expect(
          answers.map((answer) => (answer.state === "found" ? answer.customer_id : answer.state)),
        ).toEqual(["customer-1", "customer-2", "unknown", "customer-1", "unknown", "customer-2"]);
      }));

    for (const tenant_id of ODD_TENANTS)
      test(`never finds a customer for a tenant called ${JSON.stringify(tenant_id)}`, () =>
        using(async ({ lookup }) => {
          const answer = await ask(lookup, tenant_id);
          expect(answer.state).not.toBe("found");
          if (answer.state === "failed") expect(answer.reason).not.toBe("");
        }));

    test("what it knows without waiting is what it answers", () =>
      using(async ({ lookup }) => {
        await ask(lookup, "tenant-1");
        const known = lookup.lookupNow?.("tenant-1");
        if (known !== undefined) expect(known).toBe("customer-1");
        expect(lookup.lookupNow?.("tenant-3")).toBeUndefined();
      }));

    test("with a signal that is aborted already it settles soon and does not throw", () =>
      using(async ({ lookup }) => {
        const answer = await soon(ask(lookup, "tenant-1", AbortSignal.abort()));
        expect(answer.state).not.toBe("unknown");
      }));

    test("no answer, then an abort: it settles soon, as failed", ({ skip }) =>
      using(async ({ lookup, fallSilent }) => {
        if (fallSilent === undefined)
          return skip("this lookup cannot fall silent (`fallSilent` is not given)");
        await fallSilent();
        const abort = new AbortController();
        const asking = ask(lookup, "tenant-1", abort.signal);
        await later(50);
        abort.abort();
        expect(await soon(asking)).toMatchObject({ state: "failed" });
      }));

    test("nobody listens: failed with a reason, never unknown", ({ skip }) =>
      using(async ({ lookup, goAway }) => {
        if (goAway === undefined) return skip("this lookup cannot go away (`goAway` is not given)");
        await goAway();
        const answer = await ask(lookup, "tenant-1");
        expect(answer).toMatchObject({ state: "failed", reason: expect.stringMatching(/./) });
      }));
  });
};

import { memoryTransport } from "@meter-lib/core";
import { expect, test } from "vitest";
import { customerLookupConformance } from "./customer-lookup-conformance.ts";
import { transportConformance } from "./transport-conformance.ts";

/** Registers as Jest does: no context, and a body with a parameter would be one that calls back. */
const jestLike = () => {
  const bodies = new Map<string, () => Promise<void>>();
  return {
    bodies,
    runner: {
      describe: (_name: string, body: () => void) => body(),
      test: (name: string, body: () => Promise<void>) => {
        if (body.length > 0) throw new Error(`${name} waits for a callback`);
        bodies.set(name, body);
      },
      // Jest's takes one argument.
      expect: (actual: unknown) => expect(actual),
    },
  };
};

test("a suite registers with the runner that it is given, and judges with its expect", async () => {
  const { bodies, runner } = jestLike();
  transportConformance({
    name: "in memory",
    runner,
    create: () => {
      const transport = memoryTransport();
      const counted = () => transport.events.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`);
      return { transport, counted, dispose: () => {} };
    },
  });

  expect(bodies.size).toBeGreaterThan(5);
  for (const body of bodies.values()) await body();
});

test("a lookup that finds whom it should not fails", async () => {
  const { bodies, runner } = jestLike();
  customerLookupConformance({
    name: "knows everybody",
    runner,
    create: () => ({
      lookup: { lookup: async () => ({ state: "found", customer_id: "customer-1" }) },
      dispose: () => {},
    }),
  });

  await expect(bodies.get("says that a tenant has no customer: that is no failure")?.()).rejects.toThrow();
});

test("what is no runner is refused", () => {
  const runner = { ...jestLike().runner, expect: "chai" };

  expect(() =>
    Reflect.apply(transportConformance, undefined, [{ name: "n", create: () => {}, runner }]),
  ).toThrow(/^runner: expected \{ describe, test, expect \}/);
});

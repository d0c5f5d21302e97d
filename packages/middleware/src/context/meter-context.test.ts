import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { metered } from "../../test/metered.ts";
import { meterContext } from "../context.ts";

test("deep code finds the meter without being handed it", async () => {
  const { client, recorded } = metered();
  const { runWithTenant, currentMeter } = meterContext(client);
  const deep = () => currentMeter().record({ meter_id: "page.processed.basic", total_usage: 3 });

  expect(await runWithTenant("t1", async () => (await deep().durable).ok)).toBe(false);
  expect(await recorded()).toEqual(["t1 page.processed.basic 3"]);
  await client.close();
});

test("outside there is a clear error, or undefined for who can do without", async () => {
  const { client } = metered();
  const context = meterContext(client);
  const outside = () => {
    expect(context.currentMeter).toThrow(
      expect.objectContaining({
        code: "invalid_options",
        message: expect.stringContaining("currentMeter() works within runWithMeter()"),
      }),
    );
    expect(context.findMeter()).toBeUndefined();
  };
  outside();
  context.runWithTenant("t1", () => {});
  outside();
  expect(() =>
    context.runWithTenant("t1", () => {
      throw new Error("the work's own");
    }),
  ).toThrow("the work's own");
  outside();
  await client.close();
});

test("the contexts of two clients know nothing of each other", async () => {
  const [one, two] = [metered().client, metered().client];
  const [a, b] = [meterContext(one), meterContext(two)];
  a.runWithTenant("t1", () => {
    expect(b.findMeter()).toBeUndefined();
    b.runWithTenant("t2", () => expect(a.currentMeter()).not.toBe(b.currentMeter()));
  });
  await Promise.all([one.close(), two.close()]);
});

/** Work within work: some of it at once, and turns of the event loop in between. */
interface Work {
  readonly tenant: string;
  readonly turns: number;
  readonly inner: readonly Work[];
  readonly parallel: boolean;
}

const { work } = fc.letrec<{ work: Work }>((tie) => ({
  work: fc.record({
    tenant: fc.constantFrom("t1", "t2", "t3", "t4"),
    turns: fc.nat({ max: 3 }),
    inner: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("work"), { maxLength: 3 })),
    parallel: fc.boolean(),
  }),
}));

test("nested and concurrent: always the innermost, before, between and after", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(work, { minLength: 1, maxLength: 8 }), async (works) => {
      const { client, recorded } = metered();
      const { runWithTenant, currentMeter, findMeter } = meterContext(client);
      const expected: string[] = [];

      const use = (tenant: string) => {
        currentMeter().record({ meter_id: "page.processed.basic", total_usage: 1 });
        expected.push(`${tenant} page.processed.basic 1`);
      };
      const run = ({ tenant, turns, inner, parallel }: Work): Promise<void> =>
        runWithTenant(tenant, async () => {
          use(tenant);
          for (let i = 0; i < turns; i++) await turn();
          use(tenant);
          if (parallel) await Promise.all(inner.map(run));
          else for (const one of inner) await run(one);
          use(tenant);
        });

      await Promise.all(works.map(run));
      expect(findMeter()).toBeUndefined();
      expect(await recorded()).toEqual(expected.sort());
      await client.close();
    }),
    { numRuns: 50 },
  );
});

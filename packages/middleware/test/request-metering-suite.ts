import { setTimeout as later } from "node:timers/promises";
import type { LitewaveCatalog, MeterEvent } from "@meter-lib/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { meterContext } from "../src/context.ts";
import type { MeteringOptions, TenantMeter, Timing, Usage } from "../src/hono.ts";
import { metered } from "./metered.ts";

type Catalog = LitewaveCatalog;
export type TestOptions = Omit<MeteringOptions<Catalog, "device_id", object>, "tenant">;
export type TestMeter = TenantMeter<Catalog, "device_id">;
export type TestUsage = Usage<Catalog, "device_id">;

/** What a route of the application under test does. */
export interface TestRoute {
  /** Answers with a status, or throws. `of` is the metering's own, for this request. */
  handle(of: () => TestMeter | undefined): number | Promise<number>;
  /** Without one the route has `middleware` alone. */
  usage?(timing: Timing): TestUsage | Promise<TestUsage>;
}

export type Method = "GET" | "HEAD" | "POST";

/** An application in some framework, with the metering under test on these routes (`GET` with `HEAD`, `POST`). */
export interface TestApp {
  request(
    path: string,
    headers: Readonly<Record<string, string>>,
    method?: Method,
  ): Promise<{ readonly status: number }>;
  close(): Promise<void>;
}

export type StartApp = (
  options: TestOptions,
  tenant: (header: string | undefined) => string | undefined | Promise<string | undefined>,
  routes: Readonly<Record<string, TestRoute>>,
) => Promise<TestApp>;

type Current = () => TestMeter | undefined;

/** A route that also looks into the context. */
interface DeepRoute extends Omit<TestRoute, "handle"> {
  handle(of: () => TestMeter | undefined, current: Current): number | Promise<number>;
}

const pages = (total_usage: number): MeterEvent<Catalog, "device_id" | "tenant_id"> => ({
  meter_id: "page.processed.basic",
  total_usage,
});

const tenantOf = async (header: string | undefined): Promise<string | undefined> => {
  if (header === "throws") throw new Error("no such session");
  return header;
};

/** What every framework's metering keeps, against an application that answers real requests. */
export const requestMeteringSuite = (name: string, start: StartApp): void => {
  const using = async (
    routes: Readonly<Record<string, DeepRoute>>,
    run: (tools: {
      readonly post: (path: string, tenant?: string) => Promise<number>;
      readonly send: (method: Method, path: string, tenant: string) => Promise<number>;
      readonly recorded: () => Promise<readonly string[]>;
      readonly errors: unknown[];
      readonly kept: Promise<unknown>[];
    }) => Promise<void>,
    others: { readonly client?: "closed" } = {},
  ): Promise<void> => {
    const { client, recorded } = metered();
    const context = meterContext(client);
    const errors: unknown[] = [];
    const kept: Promise<unknown>[] = [];
    if (others.client === "closed") await client.close();
    const app = await start(
      { client, context, onError: (error) => errors.push(error), waitUntil: (work) => kept.push(work) },
      tenantOf,
      Object.fromEntries(
        Object.entries(routes).map(([path, route]): [string, TestRoute] => [
          path,
          { ...route, handle: (of) => route.handle(of, context.findMeter) },
        ]),
      ),
    );
    try {
      await run({
        post: async (path, tenant) =>
          (await app.request(path, tenant === undefined ? {} : { "x-tenant": tenant })).status,
        send: async (method, path, tenant) =>
          (await app.request(path, { "x-tenant": tenant }, method)).status,
        recorded: async () => {
          // What is recorded after the answer is promised to waitUntil.
          await app.close();
          await Promise.all(kept);
          return recorded();
        },
        errors,
        kept,
      });
    } finally {
      await app.close();
      await client.close();
    }
  };
  describe(`request metering: ${name}`, () => {
    test("a successful answer is metered for its tenant", () =>
      using({ "/scan": { handle: () => 200, usage: () => pages(2) } }, async ({ post, recorded, errors }) => {
        expect(await post("/scan", "t1")).toBe(200);
        expect(await post("/scan", "t2")).toBe(200);
        expect(await recorded()).toEqual(["t1 page.processed.basic 2", "t2 page.processed.basic 2"]);
        expect(errors).toEqual([]);
      }));

    test("several events, none, and one that comes later", () =>
      using(
        {
          "/two": { handle: () => 201, usage: () => [pages(1), { ...pages(3) }] },
          "/none": { handle: () => 200, usage: () => undefined },
          "/later": { handle: () => 200, usage: () => later(5, pages(7)) },
        },
        async ({ post, recorded }) => {
          for (const path of ["/two", "/none", "/later"]) await post(path, "t1");
          expect(await recorded()).toEqual([
            "t1 page.processed.basic 1",
            "t1 page.processed.basic 3",
            "t1 page.processed.basic 7",
          ]);
        },
      ));

    test("the time of an answer is measured", () => {
      const timings: Timing[] = [];
      return using(
        {
          "/ask": {
            handle: () => later(30, 200),
            usage: (timing) => {
              timings.push(timing);
              return { meter_id: "chat.query.time_secs", ...timing };
            },
          },
        },
        async ({ post, recorded }) => {
          const before = Date.now();
          await post("/ask", "t1");
          expect(await recorded()).toEqual(["t1 chat.query.time_secs timed"]);
          const [timing] = timings;
          if (timing === undefined) throw new Error("not measured");
          // Timers may fire a millisecond early, and the start is rounded.
          expect(timing.end_time - timing.start_time).toBeGreaterThanOrEqual(28);
          expect(timing.start_time).toBeGreaterThanOrEqual(before - 2);
          expect(timing.end_time).toBeLessThanOrEqual(Date.now());
        },
      );
    });

    test("what failed is not metered: a refusal, an error of the handler", () =>
      using(
        {
          "/refused": { handle: () => 404, usage: () => pages(1) },
          "/broken": {
            handle: () => {
              throw new Error("the handler's own");
            },
            usage: () => pages(1),
          },
        },
        async ({ post, recorded, errors }) => {
          expect(await post("/refused", "t1")).toBe(404);
          expect(await post("/broken", "t1")).toBe(500);
          expect(await recorded()).toEqual([]);
          expect(errors).toEqual([]);
        },
      ));

    test("a redirect and a 304 hand out nothing, and are not metered", () =>
      using(
        {
          "/elsewhere": { handle: () => 302, usage: () => pages(1) },
          "/after-a-form": { handle: () => 303, usage: () => pages(1) },
          "/unchanged": { handle: () => 304, usage: () => pages(1) },
          "/made": { handle: () => 201, usage: () => pages(3) },
        },
        async ({ post, recorded, errors }) => {
          for (const path of ["/elsewhere", "/after-a-form", "/unchanged", "/made"]) await post(path, "t1");
          expect(await recorded()).toEqual(["t1 page.processed.basic 3"]);
          expect(errors).toEqual([]);
        },
      ));

    test("a HEAD, which goes to the handler of GET, is not metered", () =>
      using({ "/scan": { handle: () => 200, usage: () => pages(1) } }, async ({ send, recorded, errors }) => {
        expect(await send("HEAD", "/scan", "t1")).toBe(200);
        expect(await send("GET", "/scan", "t1")).toBe(200);
        expect(await recorded()).toEqual(["t1 page.processed.basic 1"]);
        expect(errors).toEqual([]);
      }));

    test("a request without a tenant goes on, and is not metered", () =>
      using(
        { "/scan": { handle: (of) => (of() === undefined ? 200 : 500), usage: () => pages(1) } },
        async ({ post, recorded, errors }) => {
          expect(await post("/scan")).toBe(200);
          expect(await recorded()).toEqual([]);
          expect(errors).toEqual([]);
        },
      ));

    test.each<[string, TestRoute, string, unknown]>([
      [
        "a usage function that throws",
        {
          handle: () => 200,
          usage: () => {
            throw new Error("no pages");
          },
        },
        "t1",
        { message: "no pages" },
      ],
      [
        "one that rejects",
        { handle: () => 200, usage: () => Promise.reject(new Error("no pages")) },
        "t1",
        { message: "no pages" },
      ],
      [
        "a usage that is no number",
        { handle: () => 200, usage: () => pages(Number.NaN) },
        "t1",
        { code: "invalid_event" },
      ],
      [
        "a tenant function that throws",
        { handle: () => 200, usage: () => pages(1) },
        "throws",
        { message: "no such session" },
      ],
    ])("the request does not notice %s, and somebody is told", (_, route, tenant, error) =>
      using({ "/scan": route }, async ({ post, recorded, errors }) => {
        expect(await post("/scan", tenant)).toBe(200);
        expect(await recorded()).toEqual([]);
        expect(errors).toMatchObject([error]);
      }),
    );

    test("nor a client that is closed", () =>
      using(
        { "/scan": { handle: () => 200, usage: () => pages(1) } },
        async ({ post, recorded, errors }) => {
          expect(await post("/scan", "t1")).toBe(200);
          await recorded();
          expect(errors).toMatchObject([{ code: "closed" }]);
        },
        { client: "closed" },
      ));

    test("a handler has the meter of its request", () =>
      using(
        {
          "/deep": {
            handle: (of) => {
              of()?.record({ meter_id: "page.processed.advanced", total_usage: 5 });
              return 200;
            },
          },
        },
        async ({ post, recorded, kept }) => {
          await post("/deep", "t1");
          expect(await recorded()).toEqual(["t1 page.processed.advanced 5"]);
          expect(kept).toHaveLength(1);
        },
      ));

    test("requests at once do not mix, however deep the code that asks", async () => {
      const deep = async (waits: readonly number[], of: Current, current: Current): Promise<number> => {
        for (const ms of waits) {
          await later(ms);
          expect(current()).toBe(of());
        }
        current()?.record(pages(waits.length));
        return 200;
      };
      const request = fc.record({
        tenant: fc.constantFrom("t1", "t2", "t3"),
        path: fc.constantFrom("/0", "/1", "/2"),
      });
      const steps = [[0, 1], [2], [0, 0, 1]] as const;
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 5, maxLength: 20 }), (requests) =>
          using(
            Object.fromEntries(
              steps.map((waits, index): [string, DeepRoute] => [
                `/${index}`,
                { handle: (of, current) => deep(waits, of, current) },
              ]),
            ),
            async ({ post, recorded }) => {
              const statuses = await Promise.all(requests.map(({ path, tenant }) => post(path, tenant)));
              expect(statuses).toEqual(requests.map(() => 200));
              expect(await recorded()).toEqual(
                requests
                  .map(
                    ({ path, tenant }) =>
                      `${tenant} page.processed.basic ${steps[Number(path.slice(1))]?.length}`,
                  )
                  .sort(),
              );
            },
          ),
        ),
        { numRuns: 10 },
      );
    });
  });
};

import { expect, test } from "vitest";
import { metered } from "../../test/metered.ts";
import { nextRoute } from "../../test/next-app.ts";
import { requestMeteringSuite } from "../../test/request-metering-suite.ts";
import { streamed } from "../../test/streamed.ts";
import { nextMetering } from "../next.ts";

requestMeteringSuite("Next.js", async (options, tenant, routes) => {
  const metering = nextMetering({
    ...options,
    tenant: (request) => tenant(request.headers.get("x-tenant") ?? undefined),
  });
  const served = new Map(
    Object.entries(routes).map(([path, { handle, usage }]) => [
      path,
      nextRoute(
        metering.route(
          async (request) => {
            const status = await handle(() => metering.of(request));
            return new Response(status === 304 ? null : "done", { status });
          },
          usage && ((_, __, timing) => usage(timing)),
        ),
      ),
    ]),
  );
  return {
    request: async (path, headers, method) => {
      try {
        const answer = await served.get(path)?.(path, headers, method);
        return answer?.response ?? { status: 404 };
      } catch {
        // Next.js answers 500 for what a handler throws.
        return { status: 500 };
      }
    },
    close: async () => {},
  };
});

test("after() keeps the invocation alive until the event is delivered", async () => {
  const { client, transport } = metered();
  const metering = nextMetering({ client, tenant: () => "t1" });
  const post = nextRoute(
    metering.route(
      () => new Response("done"),
      () => ({ meter_id: "page.processed.basic", total_usage: 1 }),
    ),
  );
  const { kept } = await post("/scan", {});
  expect(kept).toHaveLength(1);
  await Promise.all(kept);
  expect(transport.events).toHaveLength(1);
  await client.close();
});

test.each(["after()", "a waitUntil of one's own"])(
  "%s: what is recorded while the body streams is delivered before the invocation ends",
  async (kind) => {
    const { client, transport } = metered();
    const own: Promise<unknown>[] = [];
    const waitUntil = kind === "after()" ? undefined : (work: Promise<unknown>) => own.push(work);
    const metering = nextMetering({ client, tenant: () => "t1", waitUntil });
    const post = nextRoute(
      metering.route((request) => {
        const meter = metering.of(request);
        return new Response(
          streamed(() => void meter?.record({ meter_id: "page.processed.basic", total_usage: 1 })),
        );
      }),
    );
    const { kept } = await post("/answer", {});
    await Promise.all([...kept, ...own]);
    expect(transport.events).toHaveLength(1);
    await client.close();
  },
);

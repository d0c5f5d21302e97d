// What compiles and what does not: events are those of the client's own catalog, in every framework.
import { defineCatalog, type MeterClient } from "@meter-lib/core";
import { meterContext } from "../context.ts";
import { expressMetering } from "../express.ts";
import { fastifyMetering } from "../fastify.ts";
import { honoMetering } from "../hono.ts";
import { nextMetering } from "../next.ts";

const catalog = defineCatalog({
  "image.resized": { type: "volume" },
  "render.time": { type: "performance" },
});
declare const client: MeterClient<typeof catalog, "device_id">;
declare const unbound: MeterClient<typeof catalog>;

const hono = honoMetering({ client, tenant: (context) => context.req.header("x-tenant") });
hono.meter(() => ({ meter_id: "image.resized", total_usage: 1 }));
hono.meter((context, timing) => (context.res.ok ? { meter_id: "render.time", ...timing } : undefined));
hono.meter(async () => [{ meter_id: "image.resized", total_usage: 1, tenant_id: "another" }]);
// @ts-expect-error: no meter of this catalog
hono.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 }));
// @ts-expect-error: a meter that counts has no times
hono.meter((_, timing) => ({ meter_id: "image.resized", ...timing }));
// @ts-expect-error: a meter that reports times has no total_usage
hono.meter(() => ({ meter_id: "render.time", total_usage: 1 }));
// @ts-expect-error: a number
hono.meter(() => ({ meter_id: "image.resized", total_usage: "1" }));

const express = expressMetering({ client: unbound, tenant: (request) => request.get("x-tenant") });
express.meter(() => ({ meter_id: "image.resized", total_usage: 1, device_id: "eu-1" }));
// @ts-expect-error: the client is bound to no device
express.meter(() => ({ meter_id: "image.resized", total_usage: 1 }));

const fastify = fastifyMetering({ client, tenant: (request) => request.hostname });
fastify.onResponse((_, reply) => ({ meter_id: "image.resized", total_usage: reply.statusCode }));
// @ts-expect-error: no meter of this catalog
fastify.onResponse(() => ({ meter_id: "image.resize", total_usage: 1 }));

const next = nextMetering({ client, tenant: (request) => request.cookies.get("tenant")?.value });
const answer = () => new Response();
next.route(answer, () => ({ meter_id: "image.resized", total_usage: 1 }));
next.route((request: Request, _: { readonly params: Promise<{ id: string }> }) => new Response(request.url));
// @ts-expect-error: no meter of this catalog
next.route(answer, () => ({ meter_id: "image.resize", total_usage: 1 }));

// @ts-expect-error: a tenant is text
honoMetering({ client, tenant: () => 42 });

const context = meterContext(client);
context.currentMeter().record({ meter_id: "image.resized", total_usage: 1 });
// @ts-expect-error: no meter of this catalog
context.currentMeter().record({ meter_id: "image.resize", total_usage: 1 });
// @ts-expect-error: a client without a tenant
context.runWithMeter(client, () => {});
honoMetering({ client, tenant: () => "t", context });
// @ts-expect-error: a context of another catalog
honoMetering({ client: otherClient, tenant: () => "t", context });

declare const otherClient: MeterClient<{ readonly a: { readonly type: "volume" } }, "device_id">;

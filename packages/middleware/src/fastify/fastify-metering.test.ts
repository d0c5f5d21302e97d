import fastify from "fastify";
import { listening } from "../../test/listen.ts";
import { requestMeteringSuite } from "../../test/request-metering-suite.ts";
import { fastifyMetering } from "../fastify.ts";

requestMeteringSuite("Fastify", async (options, tenant, routes) => {
  const metering = fastifyMetering({
    ...options,
    tenant: ({ headers }) => {
      const header = headers["x-tenant"];
      return tenant(typeof header === "string" ? header : undefined);
    },
  });
  const app = fastify();
  for (const [path, { handle, usage }] of Object.entries(routes)) {
    app.route({
      method: ["GET", "POST"],
      url: path,
      preHandler: metering.preHandler,
      ...(usage && { onResponse: metering.onResponse((_, __, timing) => usage(timing)) }),
      handler: async (request, reply) => {
        reply.status(await handle(() => metering.of(request)));
        return "done";
      },
    });
  }
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { ...(await listening(app.server)), close: () => app.close() };
});

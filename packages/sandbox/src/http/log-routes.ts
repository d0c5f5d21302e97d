import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { STATES } from "../store/schema.ts";
import { checked } from "./checked-input.ts";
import { digits, oneOf, optionalText, pageLimit } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

/** The part of the log that a request asks for. */
export const eventsFilter = v.strictObject({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  event_id: optionalText,
  state: v.optional(oneOf(STATES)),
  after: v.optional(digits),
});

const eventsQuery = v.strictObject({
  ...eventsFilter.entries,
  before: v.optional(digits),
  limit: pageLimit,
  brief: v.optional(oneOf(["true", "false"]), "false"),
});

const sessionsQuery = v.strictObject({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  limit: pageLimit,
});

const refusedQuery = v.strictObject({ before: v.optional(digits), limit: pageLimit });

const requestPath = v.strictObject({ id: digits });

const gapsQuery = v.strictObject({ producer: optionalText });

/** Lists events and requests as received, and gaps in the numbers of producers. */
export const logRoutes = ({ store }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/events", (c) => {
    const { brief, ...query } = checked(eventsQuery, c.req.query());
    return c.json({
      events: brief === "true" ? store.log.events(query) : [...store.log.receivedEvents(query)],
    });
  });
  app.get("/sandbox/v1/sessions", (c) =>
    c.json({ sessions: store.sessions(checked(sessionsQuery, c.req.query())) }),
  );
  app.get("/sandbox/v1/refused", (c) =>
    c.json({ requests: store.log.refused(checked(refusedQuery, c.req.query())) }),
  );
  app.get("/sandbox/v1/requests/:id", (c) => {
    const { id } = checked(requestPath, c.req.param());
    const request = store.log.request(id);
    if (request === undefined) throw new HTTPException(404, { message: `There is no request ${id}` });
    return c.json(request);
  });
  app.get("/sandbox/v1/gaps", (c) =>
    c.json({ producers: store.gaps(checked(gapsQuery, c.req.query()).producer) }),
  );
  return app;
};

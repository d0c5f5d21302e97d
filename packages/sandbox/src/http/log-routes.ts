import { Hono } from "hono";
import * as v from "valibot";
import { STATES } from "../store/schema.ts";
import { checked } from "./checked-input.ts";
import { digits, optionalText, pageLimit } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

/** The part of the log that a request asks for. */
export const eventsQuery = v.object({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  event_id: optionalText,
  state: v.optional(v.picklist(STATES, `state: expected one of ${STATES.join(", ")}`)),
  before: v.optional(digits("before")),
  after: v.optional(digits("after")),
  limit: pageLimit,
});

const brief = v.optional(v.picklist(["true", "false"], 'brief: expected "true" or "false"'), "false");

const sessionsQuery = v.object({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  limit: pageLimit,
});

const refusedQuery = v.object({ before: v.optional(digits("before")), limit: pageLimit });

/** Lists events and requests as received, and gaps in the numbers of producers. */
export const logRoutes = ({ store }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/events", (c) => {
    const query = checked(eventsQuery, c.req.query());
    const isBrief = checked(brief, c.req.query("brief")) === "true";
    return c.json({ events: isBrief ? store.log.events(query) : store.log.receivedEvents(query) });
  });
  app.get("/sandbox/v1/sessions", (c) =>
    c.json({ sessions: store.sessions(checked(sessionsQuery, c.req.query())) }),
  );
  app.get("/sandbox/v1/refused", (c) =>
    c.json({ requests: store.log.refused(checked(refusedQuery, c.req.query())) }),
  );
  app.get("/sandbox/v1/requests/:id", (c) => {
    const request = store.log.request(checked(digits("id"), c.req.param("id")));
    return request === undefined ? c.notFound() : c.json(request);
  });
  app.get("/sandbox/v1/gaps", (c) => c.json({ producers: store.gaps(c.req.query("producer")) }));
  return app;
};

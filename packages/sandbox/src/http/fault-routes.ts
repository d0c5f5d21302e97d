import type { IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono, type MiddlewareHandler } from "hono";
import * as v from "valibot";
import { glimpsesOf } from "../store/glimpse.ts";
import { isName, isToken } from "../wire/field-issue.ts";
import { checked, checkedBody } from "./checked-input.ts";
import type { FaultSettings } from "./faults.ts";
import { oneOf, requiredText } from "./query-fields.ts";
import { receive } from "./receive.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const MAX_DELAY_MS = 60_000;
const DELAY = `an integer from 0 to ${MAX_DELAY_MS}`;

const faultsBody = v.strictObject({
  delay_ms: v.optional(
    v.pipe(v.number(DELAY), v.integer(DELAY), v.minValue(0, DELAY), v.maxValue(MAX_DELAY_MS, DELAY)),
    0,
  ),
  outcome: v.optional(oneOf(["as_usual", "unavailable", "reset"]), "as_usual"),
});

const attemptsQuery = v.strictObject({ event_id: requiredText("an event's id") });

/** The paths that clients of the backend use; the sandbox's own API is not disturbed. */
const DISTURBED = ["/api/v1/*", "/topics/*", "/v1alpha1/*", "/metering/*"];

/**
 * Simulates outages of event posts and customer lookups. A disturbed request is not logged, but the events that it
 * carried are remembered for their histories.
 */
export const faultRoutes = (context: SandboxContext): Hono<SandboxEnv> => {
  const { faults, closing, maxBodyBytes, now } = context;
  const app = new Hono<SandboxEnv>();

  /** Remembers the events of a request for their histories. */
  const note = async (incoming: IncomingMessage, outcome: FaultSettings["outcome"]): Promise<void> => {
    if (incoming.method !== "POST") return;
    const dialect = incoming.url?.startsWith("/topics/") ? "kafka-rest" : "events";
    const { request } = await receive(incoming, dialect, context);
    for (const { tenant_id, event_id } of glimpsesOf(request)) {
      if (isName(tenant_id) && isToken(event_id)) faults.note({ tenant_id, event_id, at: now(), outcome });
    }
  };

  const disturb: MiddlewareHandler<SandboxEnv> = async (c, next) => {
    const fault = faults.meet();
    if (fault === undefined) return next();
    if (fault.delay_ms > 0) {
      // Closing the sandbox ends the delay.
      await wait(fault.delay_ms, undefined, { signal: closing }).catch(() => undefined);
    }
    if (fault.outcome === "as_usual") return next();
    await note(c.env.incoming, fault.outcome);
    if (fault.outcome === "reset") {
      c.env.incoming.socket.resetAndDestroy();
      return RESPONSE_ALREADY_SENT;
    }
    return c.json({ error: "unavailable", message: "Switched off in the sandbox" }, 503);
  };
  for (const path of DISTURBED) app.use(path, disturb);

  app.get("/sandbox/v1/faults", (c) => c.json(faults.state()));
  app.get("/sandbox/v1/faults/attempts", (c) =>
    c.json({ attempts: faults.attempts(checked(attemptsQuery, c.req.query()).event_id) }),
  );
  app.put("/sandbox/v1/faults", async (c) => {
    faults.set(await checkedBody(faultsBody, c.env.incoming, maxBodyBytes));
    return c.json(faults.state());
  });
  return app;
};

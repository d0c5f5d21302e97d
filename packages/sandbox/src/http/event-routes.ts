import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { IngestOutcome } from "../store/ingest.ts";
import { isIssue } from "../wire/field-issue.ts";
import { parseEventsRequest } from "../wire/parse-events-request.ts";
import { type Refusal, refuse, refuseField } from "../wire/refusal.ts";
import { receive } from "./receive.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

interface Answer {
  readonly status: ContentfulStatusCode;
  readonly body: Readonly<Record<string, unknown>>;
}

const WRONG_KEY = "The API key is invalid";

const statusOf = (status: number): ContentfulStatusCode =>
  status === 400 || status === 401 || status === 413 || status === 415 ? status : 422;

const refusedAnswer = ({ status, reason, issues }: Refusal): Answer => ({
  status: statusOf(status),
  body: { status: "refused", message: reason, ...(issues.length > 0 ? { issues } : undefined) },
});

const outcomeAnswer = (outcome: IngestOutcome | undefined, event_id: string | undefined): Answer => {
  const state = outcome?.state ?? "accepted";
  const named = event_id === undefined ? undefined : { event_id };
  if (state !== "conflict") return { status: 200, body: { status: state, ...named } };
  const message = "The id was used before for an event with different content; the first one counts";
  return { status: 422, body: { status: state, ...named, message } };
};

/** The `events` dialect: one event per request. */
export const eventRoutes = (context: SandboxContext): Hono<SandboxEnv> => {
  const { store, keys } = context;
  const app = new Hono<SandboxEnv>();

  app.post("/api/v1/events", async (c) => {
    const { request, headers, text, refusal } = await receive(c.env.incoming, "events", context);
    const answer = (): Answer => {
      const refused = (why: Refusal): Answer => {
        store.logRefusal(request, why);
        return refusedAnswer(why);
      };
      if (keys.stateOf(headers) === "wrong") return refused(refuse(401, WRONG_KEY));
      if (refusal !== undefined) return refused(refusal);
      const event = parseEventsRequest(headers, text);
      if ("status" in event) return refused(event);
      const account = store.accounts.resolve(event.tenant_id, event.customer_id);
      if (isIssue(account)) {
        return refused(
          refuseField(account.field === "tenant_id" ? { ...account, field: "x-tenant-id" } : account),
        );
      }
      const [outcome] = store.ingest(request, [{ event, account }]);
      return outcomeAnswer(outcome, event.event_id);
    };
    const { status, body } = answer();
    return c.json(body, status);
  });

  return app;
};

import type { Accounts, ReconcileBackend } from "@meter-lib/core";
import { type ReconcileSource, reconcile } from "@meter-lib/core/store";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { checked, checkedBody } from "./checked-input.ts";
import { digits, oneOf, optionalText, pageLimit, timeRange } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";
import type { SandboxOutbox } from "./sandbox-outbox.ts";

/** An outbox of an app, as the dashboard lists it. */
export interface ListedOutbox {
  readonly name: string;
  /** Undefined if it cannot be read. */
  readonly accounts?: Accounts;
  /** Why it cannot be read. */
  readonly problem?: string;
}

const ROW_STATES = ["pending", "inflight", "rejected", "quarantined"] as const;

const rowsQuery = v.strictObject({
  state: v.optional(oneOf(ROW_STATES)),
  tenant_id: optionalText,
  event_id: optionalText,
  after: v.optional(digits),
  limit: pageLimit,
});

const rangeQuery = v.strictObject(timeRange);

const outboxPath = v.strictObject({ number: digits });

const selection = {
  state: oneOf(["rejected", "quarantined"]),
  tenant_id: optionalText,
  event_ids: v.optional(v.array(v.string("text"), "a list of texts")),
};

const redriveBody = v.strictObject({
  ...selection,
  may_count_twice: v.optional(v.boolean("true or false"), false),
});

const REASON = "a reason as text";
const discardBody = v.strictObject({
  ...selection,
  reason: v.pipe(v.string(REASON), v.trim(), v.minLength(1, REASON)),
});

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The outboxes of the apps: lists, redrives and discards their dead letters, and reconciles them with what was counted. */
export const outboxRoutes = ({ store, outboxes, maxBodyBytes }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  /** @param meters - the meters that the outbox knows; others are not compared */
  const backend = (meters: readonly string[]): ReconcileBackend => ({
    ledger: async ({ from, to }) => store.ledger.rows(from, to, meters),
    ids: async ({ tenant_id, meter_id, hour }) => store.ledger.ids(tenant_id, meter_id, hour).ids,
    producers: async () =>
      store.gaps().map(({ producer, highest, ranges }) => ({ producer, highest, missing: ranges })),
  });

  /** Works on the outbox of this number. An unreadable outbox is reported; it is not an error of the sandbox. */
  const withOutbox = async <Answer>(
    number: string,
    work: (outbox: SandboxOutbox) => Answer | PromiseLike<Answer>,
  ): Promise<Answer> => {
    const outbox = outboxes[checked(outboxPath, { number }).number];
    if (outbox === undefined) throw new HTTPException(404, { message: `There is no outbox ${number}` });
    try {
      return await work(outbox);
    } catch (error) {
      throw new HTTPException(409, { message: `${outbox.name}: ${wordsOf(error)}`, cause: error });
    }
  };

  const listed = async (outbox: SandboxOutbox): Promise<ListedOutbox> => {
    try {
      return { name: outbox.name, accounts: await outbox.accounts() };
    } catch (error) {
      return { name: outbox.name, problem: wordsOf(error) };
    }
  };

  app.get("/sandbox/v1/outboxes", async (c) => c.json({ outboxes: await Promise.all(outboxes.map(listed)) }));

  app.get("/sandbox/v1/outboxes/:number/events", async (c) => {
    const query = checked(rowsQuery, c.req.query());
    const events = await withOutbox(c.req.param("number"), (outbox) => outbox.list(query));
    return c.json({ events });
  });

  app.get("/sandbox/v1/outboxes/:number/reconciliation", async (c) => {
    const range = checked(rangeQuery, c.req.query());
    const result = await withOutbox(c.req.param("number"), async (outbox) => {
      const own = await outbox.ledger(range);
      const meters = [...new Set(own.map(({ meter_id }) => meter_id))];
      const source: ReconcileSource = {
        ledger: () => own,
        ledgerIds: (row) => outbox.ledgerIds(row),
        producers: async () => (await outbox.producers?.()) ?? [],
      };
      return reconcile(source, backend(meters), range);
    });
    return c.json(result);
  });

  app.post("/sandbox/v1/outboxes/:number/redrive", async (c) => {
    const { may_count_twice, ...which } = await checkedBody(redriveBody, c.env.incoming, maxBodyBytes);
    if (which.state === "quarantined" && !may_count_twice) {
      throw new HTTPException(400, {
        message: "may_count_twice: expected true for quarantined events: they may have been counted",
      });
    }
    return c.json({ redriven: await withOutbox(c.req.param("number"), (outbox) => outbox.redrive(which)) });
  });

  app.post("/sandbox/v1/outboxes/:number/discard", async (c) => {
    const { reason, ...which } = await checkedBody(discardBody, c.env.incoming, maxBodyBytes);
    return c.json({
      discarded: await withOutbox(c.req.param("number"), (outbox) => outbox.discard(which, reason)),
    });
  });

  return app;
};

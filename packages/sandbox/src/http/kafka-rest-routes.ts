import { Hono } from "hono";
import type { AccountedEvent, IngestOutcome } from "../store/ingest.ts";
import { isIssue } from "../wire/field-issue.ts";
import { checkKafkaRestHeaders, fieldPath, parseKafkaRestRequest } from "../wire/parse-kafka-rest-request.ts";
import type { ReceivedEvent } from "../wire/received-event.ts";
import { type Refusal, refuse, refuseField } from "../wire/refusal.ts";
import { receive } from "./receive.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const TOPIC = "usage-events";
const ANSWER_TYPE = "application/vnd.kafka.v2+json";
// Confluent's codes for one record of a request: permanent and retriable.
const RECORD_FAILED = 50002;
const RECORD_RETRIABLE = 50003;

const offsetsAnswer = (offsets: readonly string[]): Response =>
  new Response(
    Buffer.from(`{"offsets":[${offsets.join(",")}],"key_schema_id":null,"value_schema_id":null}`),
    {
      headers: { "content-type": ANSWER_TYPE },
    },
  );

const written = (offset: number): string =>
  `{"partition":0,"offset":${offset},"error_code":null,"error":null}`;

const failed = (code: number, error: string): string =>
  JSON.stringify({ partition: null, offset: null, error_code: code, error });

const outcomeOffset = ({ state, id }: IngestOutcome): string =>
  state === "conflict"
    ? failed(
        RECORD_FAILED,
        "The event id was used before for an event with different content; the first one counts",
      )
    : written(id - 1);

// As recorded from the proxy: an unreadable body is answered in plain text, a wrong media type in plain JSON.
const refusedAnswer = ({ status, reason }: Refusal): Response => {
  if (status === 400) return new Response(reason, { status, headers: { "content-type": "text/plain" } });
  const type = status === 415 || status === 406 ? "application/json" : ANSWER_TYPE;
  return new Response(JSON.stringify({ error_code: status, message: reason }), {
    status,
    headers: { "content-type": type },
  });
};

/** The `kafka-rest` dialect, with the responses of Confluent's REST proxy. The offset is the event's number in the log. */
export const kafkaRestRoutes = (context: SandboxContext): Hono<SandboxEnv> => {
  const { store, keys } = context;
  const app = new Hono<SandboxEnv>();

  const account = (events: readonly ReceivedEvent[]): readonly AccountedEvent[] | Refusal => {
    const accounted: AccountedEvent[] = [];
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (event === undefined) continue;
      const found = store.accounts.resolve(event.tenant_id, event.customer_id);
      if (isIssue(found)) {
        const field = found.field === "tenant_id" ? "metadata.meter.tenant_id" : found.field;
        return refuseField({ ...found, field: fieldPath(i, field) });
      }
      accounted.push({ event, account: found });
    }
    return accounted;
  };

  app.post("/topics/:topic", async (c) => {
    const { request, headers, text, refusal } = await receive(c.env.incoming, "kafka-rest", context);
    const refused = (why: Refusal): Response => {
      store.logRefusal(request, why);
      return refusedAnswer(why);
    };
    if (keys.stateOf(headers) === "wrong") return refused(refuse(401, "The API key is invalid"));
    const wrongHeaders = checkKafkaRestHeaders(headers) ?? refusal;
    if (wrongHeaders !== undefined) return refused(wrongHeaders);
    const events = parseKafkaRestRequest(text);
    if ("status" in events) return refused(events);
    const topic = c.req.param("topic");
    if (topic !== TOPIC) {
      const why = `Topic ${topic} not present in metadata.`;
      store.logRefusal(request, refuse(404, why));
      return offsetsAnswer(events.map(() => failed(RECORD_RETRIABLE, why)));
    }
    const accounted = account(events);
    if ("status" in accounted) return refused(accounted);
    return offsetsAnswer(store.ingest(request, accounted).map(outcomeOffset));
  });

  return app;
};

import { IngestEventsBody } from "@openmeter/sdk/zod";
import { type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

export interface OpenMeterServer extends Receiver {
  /** The events that it keeps: without the repeats. */
  readonly events: readonly OpenMeterServerEvent[];
}

export interface OpenMeterServerEvent {
  readonly id: string;
  readonly source: string;
  readonly data?: unknown;
}

const problem = (status: number, title: string, detail: string): Reply => ({
  status,
  headers: { "content-type": "application/problem+json" },
  body: { type: "about:blank", status, title, detail },
});

/** Where ingest is, and how it says yes (openmeterio/openmeter, 7e57a39, api/openapi.yaml and api/v3/openapi.yaml). */
const STATUS_OF = new Map([
  ["/api/v1/events", 204],
  ["/api/v3/openmeter/events", 202],
  ["/v3/openmeter/events", 202],
]);

/**
 * OpenMeter's ingest as its server has it: one content type, letter by letter; a batch is taken or refused as a whole; events are told apart by
 * source and id, joined with a hyphen. Events are checked with the schema of OpenMeter's own SDK.
 */
export const openMeterServer = async ({
  apiKey,
}: {
  readonly apiKey?: string;
} = {}): Promise<OpenMeterServer> => {
  const events = new Map<string, OpenMeterServerEvent>();

  const take = ({ method, path, headers, body }: Received): Reply => {
    const success = STATUS_OF.get(path);
    if (success === undefined || method !== "POST") return problem(404, "Not Found", path);
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`)
      return problem(401, "Unauthorized", "no such key");
    if (headers["content-type"] !== "application/cloudevents-batch+json")
      return problem(400, "Bad Request", `invalid content type: ${headers["content-type"]}`);
    const result = IngestEventsBody.array().safeParse(JSON.parse(body));
    if (!result.success) return problem(400, "Bad Request", `invalid event: ${result.error.message}`);
    for (const event of result.data) {
      const key = `default-${event.source}-${event.id}`;
      if (!events.has(key)) events.set(key, event);
    }
    return { status: success };
  };

  return {
    ...(await startReceiver(take)),
    get events() {
      return [...events.values()];
    },
  };
};

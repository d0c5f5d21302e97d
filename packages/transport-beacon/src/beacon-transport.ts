import type {
  DestinationFault,
  Outcome,
  OutgoingEvent,
  SendAnswer,
  Transport,
} from "@meter-lib/core/transport";
import { type BeaconTransportOptions, checkOptions } from "./beacon-transport-options.ts";
import { PAGE_BATCH } from "./page-batch-limits.ts";
import { type PageBody, pageBodies } from "./page-body.ts";
import { pageEvent } from "./page-event.ts";
import { isPrerendered, pagePost } from "./page-post.ts";
import { pageToken } from "./page-token.ts";
import { watchClosing } from "./watch-closing.ts";

const WEEK_MS = 604_800_000;

/**
 * Sends events from a web page to a relay, in requests that outlive the page. Works in pages, dedicated workers and service workers.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const client = new MeterClient({
 *   transport: beaconTransport({ url: "https://meter.example.com/relay", token: fetchPageToken }),
 *   customerLookup: relayCustomers(),
 *   outbox: indexedDbOutbox(),
 * });
 * deliverThroughPageLife(client);
 * ```
 */
export const beaconTransport = (options: BeaconTransportOptions): Transport => {
  checkOptions(options);
  const { url, token: source, subject, contentType = "text/plain", dedupWindowMs = WEEK_MS } = options;
  const isInBody = contentType === "text/plain";
  const post = pagePost(options);
  const page = source === undefined ? undefined : pageToken(source);
  const isClosing = watchClosing();

  const sendBatch = async (events: readonly OutgoingEvent[], signal: AbortSignal): Promise<SendAnswer> => {
    if (isPrerendered())
      return { fault: { kind: "unavailable", reason: "the page is prerendered and not shown yet" } };
    let token = page?.get();
    if (typeof token === "object") {
      try {
        token = await token;
      } catch (error) {
        return { fault: { kind: "unavailable", reason: `no token: ${wordsOf(error)}` } };
      }
    }
    let receiverTime: number | undefined;
    const answered = ({ headers }: Response) => {
      receiverTime ??= Date.parse(headers.get("date") ?? "") || undefined;
    };
    const headers: Record<string, string> = { "content-type": `${contentType};charset=UTF-8` };
    if (!isInBody && token !== undefined) headers.authorization = `Bearer ${token}`;
    const context = { headers, signal, answered, isLeaving: isInBody && isClosing() };
    const faults: DestinationFault[] = [];
    const judged = await Promise.all(
      bodiesOf(events, isInBody ? token : undefined, subject).map(async (body) => {
        const verdict = await post(body.text, context);
        if ("kind" in verdict) faults.push(verdict);
        return body.events.map(({ event_id }): Outcome => {
          if ("kind" in verdict) return { ...verdict, state: "retry" };
          return "state" in verdict ? verdict : (verdict.get(event_id) ?? UNNAMED);
        });
      }),
    );
    const [fault] = faults;
    // If only some bodies failed, their events are retried by themselves.
    return fault !== undefined && faults.length === judged.length
      ? { fault, receiverTime }
      : { outcomes: judged.flat(), receiverTime };
  };

  return {
    name: options.name ?? `relay ${url}`,
    receiver: { dedup: { windowMs: dedupWindowMs } },
    limits: { maxBatchEvents: PAGE_BATCH.maxEvents, maxBatchBytes: PAGE_BATCH.maxBytes, maxInFlight: 1 },
    survivesPageClose: true,
    send: ({ events }, { signal }) => sendBatch(events, signal),
    ...(typeof source === "function" && page !== undefined
      ? { refreshCredentials: async () => void (await page.refresh()) }
      : {}),
  };
};

/** Packs events in their order; each body has the events of one tenant, which the relay compares with that of the token. */
const bodiesOf = (
  events: readonly OutgoingEvent[],
  token: string | undefined,
  subject: string | undefined,
): readonly PageBody[] => {
  const sent_at = Date.now();
  const bodies: PageBody[] = [];
  let from = 0;
  for (let i = 1; i <= events.length; i++) {
    const tenant_id = events[from]?.tenant_id;
    if (events[i]?.tenant_id === tenant_id) continue;
    bodies.push(...pageBodies(events.slice(from, i).map(pageEvent), { sent_at, token, tenant_id, subject }));
    from = i;
  }
  return bodies;
};

const UNNAMED: Outcome = { state: "unsure", reason: "the relay's answer does not name the event" };

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

import type { DestinationFault, Outcome, OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core";
import { type BeaconTransportOptions, checkOptions } from "./beacon-transport-options.ts";
import { judgePosted } from "./judge-posted.ts";
import { pageBodies } from "./page-body.ts";
import { PageToken } from "./page-token.ts";
import { hasKeepalive, postPageBody } from "./post-page-body.ts";
import { watchClosing } from "./watch-closing.ts";

const DAY_MS = 86_400_000;

/**
 * Sends the events of a page to its relay, in requests that outlive the page. Works in pages, dedicated workers and service
 * workers. Throws a MeterError `invalid_options` for options that cannot work.
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
  const { contentType = "text/plain", dedupWindowMs = DAY_MS, credentials = "same-origin" } = options;
  const url = String(options.url);
  const inBody = contentType === "text/plain";
  const pageToken = options.token === undefined ? undefined : new PageToken(options.token);
  // A beacon sets no headers.
  const isClosing = inBody && !hasKeepalive() ? watchClosing() : () => false;

  const sendBatch = async (events: readonly OutgoingEvent[], signal: AbortSignal): Promise<SendAnswer> => {
    if (isPrerendered()) return { fault: unavailable("the page is prerendered and not shown yet") };
    let token = pageToken?.get();
    if (typeof token === "object") {
      try {
        token = await token;
      } catch (error) {
        return { fault: unavailable(`no token: ${error instanceof Error ? error.message : String(error)}`) };
      }
    }
    const init: RequestInit = {
      method: "POST",
      redirect: "manual",
      credentials,
      headers: headersOf(contentType, inBody ? undefined : token),
    };
    const lastChance = isClosing();
    const fetch = options.fetch ?? globalThis.fetch;
    const bodies = pageBodies(events, Date.now(), inBody ? token : undefined);
    const judged = await Promise.all(
      bodies.map(async (body) => {
        const posted = await postPageBody(body, { url, init, fetch, signal, lastChance });
        const date = "status" in posted ? Date.parse(posted.headers.get("date") ?? "") : Number.NaN;
        return { body, verdict: judgePosted(posted, body.events), date };
      }),
    );
    const receiverTime = judged.map(({ date }) => date).find((date) => !Number.isNaN(date));
    const faults = judged.flatMap(({ verdict }) => ("kind" in verdict ? verdict : []));
    const [fault] = faults;
    if (fault !== undefined && faults.length === judged.length) return { fault, receiverTime };
    // Some bodies went through: the events of the others wait for their own next attempt.
    const outcomes = judged.flatMap(({ body, verdict }): readonly Outcome[] =>
      "kind" in verdict ? body.events.map(() => ({ ...verdict, state: "retry" as const })) : verdict,
    );
    return { outcomes, receiverTime };
  };

  return {
    name: options.name ?? `relay ${url}`,
    dedup: { windowMs: dedupWindowMs },
    maxBatchEvents: 50,
    maxBatchBytes: 48 * 1024,
    maxInFlight: 1,
    survivesPageClose: true,
    send: ({ events }, { signal }) => sendBatch(events, signal),
    ...(typeof options.token === "function" && pageToken !== undefined
      ? { refreshCredentials: async () => void (await pageToken.refresh()) }
      : {}),
  };
};

const unavailable = (reason: string): DestinationFault => ({ kind: "unavailable", reason });

const isPrerendered = (): boolean =>
  typeof document === "object" && "prerendering" in document && document.prerendering === true;

const headersOf = (contentType: string, token: string | undefined): Record<string, string> => {
  const headers: Record<string, string> = { "content-type": `${contentType};charset=UTF-8` };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return headers;
};

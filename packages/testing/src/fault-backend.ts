import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault } from "./faults/fault.ts";
import { loopbackServer } from "./faults/loopback-server.ts";
import { type ReceivedEvent, readEvents } from "./faults/received-event.ts";

export { captivePortal, type Fault, redirect, retryAfter } from "./faults/fault.ts";
export type { ReceivedEvent } from "./faults/received-event.ts";

export interface FaultBackendOptions {
  /** Whether to detect a second event with the same `(tenant_id, event_id)` and not count it. @default true */
  readonly dedup?: boolean;
  /** Largest body, in bytes. Larger ones get a 413. @default no limit */
  readonly maxBodyBytes?: number;
  /** Required key, as `authorization: Bearer …`. Requests without it get a 401. @default none */
  readonly apiKey?: string;
  /** Returns whether an event is poison. A request with such an event gets a 422 as a whole. @default none */
  readonly poison?: (event: ReceivedEvent) => boolean;
}

/** A received request. */
export interface ReceivedRequest {
  /** Number of the request, from 0. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Its events; empty if the request could not be understood. */
  readonly events: readonly ReceivedEvent[];
  readonly fault: Fault | undefined;
}

/** A metering backend that fails on demand and records everything it receives. */
export interface FaultBackend {
  /** Base URL, without a trailing slash. */
  readonly url: string;
  /** All requests, in order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** All events of all requests, counted or not. */
  readonly arrivals: readonly ReceivedEvent[];
  /** The events that were counted. */
  readonly counted: readonly ReceivedEvent[];
  /** Injects faults into the next requests, one each; `undefined` lets a request succeed. */
  next(...faults: readonly (Fault | undefined)[]): void;
  /**
   * Injects a fault into all requests without a fault from `next()`, until it is removed with `undefined`. A function is called with the
   * number of each request.
   */
  always(fault: Fault | undefined | ((request: number) => Fault | undefined)): void;
  /** Requires this key from now on. */
  rotateKey(apiKey: string): void;
  /** Resolves once `count` requests have arrived since the start. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts an HTTP server on this machine that supports both dialects, fails on demand, and records everything it receives, to test
 * delivery against.
 *
 * @example
 * ```ts
 * await using backend = await faultBackend({ dedup: false });
 * backend.next({ kind: "reset", when: "after_commit" });
 * const transport = fetchTransport({ baseUrl: backend.url });
 * ```
 */
export const faultBackend = async (options: FaultBackendOptions = {}): Promise<FaultBackend> => {
  const { dedup = true, maxBodyBytes = Number.POSITIVE_INFINITY, poison = () => false } = options;
  const requests: ReceivedRequest[] = [];
  const arrivals: ReceivedEvent[] = [];
  const counted: ReceivedEvent[] = [];
  const identities = new Set<string>();
  const script: (Fault | undefined)[] = [];
  let standing: (request: number) => Fault | undefined = () => undefined;
  let { apiKey } = options;
  let waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  /** Counts an event. Returns false if it was counted before. */
  const count = (event: ReceivedEvent): boolean => {
    const identity = `${event.tenant_id}\n${event.event_id}`;
    if (dedup && event.event_id !== undefined && identities.has(identity)) return false;
    identities.add(identity);
    event.counted = true;
    counted.push(event);
    return true;
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(incoming);
    const number = requests.length;
    const envelope = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      headers: singleHeaders(incoming),
      body,
    };
    const known = readEvents(envelope, number);
    const events = known ?? [];
    const fault = script.length > 0 ? script.shift() : standing(number);
    requests.push({ ...envelope, number, events, fault });
    arrivals.push(...events);
    const due = waiting.filter((waiter) => waiter.count <= requests.length);
    waiting = waiting.filter((waiter) => waiter.count > requests.length);
    for (const { resolve } of due) resolve();

    const answer = (status: number, json: unknown): Answer => ({
      status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(json),
    });
    const duty = (errors?: Extract<Fault, { kind: "record_errors" }>): Answer => {
      if (known === undefined) return answer(404, { message: "no such path" });
      if (apiKey !== undefined && envelope.headers.authorization !== `Bearer ${apiKey}`)
        return answer(401, { message: "the key is not right" });
      if (Buffer.byteLength(body) > maxBodyBytes) return answer(413, { message: "too large" });
      if (events.some(poison)) return answer(422, { message: "an event is not right" });
      const isNew = events.map((event, at) => errors?.positions.includes(at) !== true && count(event));
      if (envelope.path === "/api/v1/events") {
        return answer(200, { status: isNew[0] ? "accepted" : "duplicate", event_id: events[0]?.event_id });
      }
      const offsets = events.map((_, at) =>
        errors?.positions.includes(at) === true
          ? { error_code: errors.error_code, error: errors.error }
          : offsetAt(number * 10_000 + at),
      );
      return answer(200, { offsets, key_schema_id: null, value_schema_id: null });
    };
    await misbehave(fault, duty, events, count, response);
  };

  const server = await loopbackServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  return {
    url: server.url,
    requests,
    arrivals,
    counted,
    next: (...faults) => {
      script.push(...faults);
    },
    always: (fault) => {
      standing = typeof fault === "function" ? fault : () => fault;
    },
    rotateKey: (key) => {
      apiKey = key;
    },
    arrived: (count) => {
      if (requests.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const offsetAt = (offset: number) => ({ partition: 0, offset, error_code: null, error: null });

const misbehave = async (
  fault: Fault | undefined,
  duty: (errors?: Extract<Fault, { kind: "record_errors" }>) => Answer,
  events: readonly ReceivedEvent[],
  count: (event: ReceivedEvent) => boolean,
  response: ServerResponse,
): Promise<void> => {
  switch (fault?.kind) {
    case undefined:
      send(response, duty());
      return;
    case "answer": {
      if (fault.counts === true) events.forEach(count);
      const { status, headers = {}, body = "" } = fault;
      send(response, { status, headers, body: typeof body === "string" ? body : JSON.stringify(body) });
      return;
    }
    case "reset": {
      if (fault.when !== "on_arrival") {
        const { status, headers, body } = duty();
        if (fault.when === "mid_answer") {
          response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
          await new Promise((resolve) => response.write(body.slice(0, body.length / 2), resolve));
        }
      }
      response.socket?.resetAndDestroy();
      return;
    }
    case "silence":
      if (fault.counts) events.forEach(count);
      return;
    case "delay": {
      const answer = duty();
      setTimeout(() => send(response, answer), fault.ms);
      return;
    }
    case "hold": {
      const answer = duty();
      await fault.until;
      send(response, answer);
      return;
    }
    case "slow": {
      const { status, headers, body } = duty();
      response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
      dribble(response, Buffer.from(body), fault.msPerByte);
      return;
    }
    case "results": {
      events.forEach(count);
      const offsets = Array.from({ length: fault.count }, (_, at) => offsetAt(at));
      send(response, {
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ offsets }),
      });
      return;
    }
    case "record_errors":
      send(response, duty(fault));
      return;
  }
};

const send = (response: ServerResponse, { status, headers, body }: Answer): void => {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers });
  response.end(body);
};

const dribble = (response: ServerResponse, rest: Buffer, msPerByte: number): void => {
  if (response.destroyed) return;
  if (rest.length === 0) {
    response.end();
    return;
  }
  response.write(rest.subarray(0, 1));
  setTimeout(() => dribble(response, rest.subarray(1), msPerByte), msPerByte);
};

const readBody = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
};

const singleHeaders = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? ""),
    ]),
  );

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Fault } from "./faults/fault.ts";
import { loopbackServer } from "./faults/loopback-server.ts";
import { type ReceivedEvent, readEvents } from "./faults/received-event.ts";

export { captivePortal, type Fault, redirect, retryAfter } from "./faults/fault.ts";
export type { ReceivedEvent } from "./faults/received-event.ts";

export interface FaultBackendOptions {
  /** Whether a second event of the same `(tenant_id, event_id)` is known and not counted. @default true */
  readonly dedup?: boolean;
  /** A larger body is answered 413. In bytes. @default no limit */
  readonly maxBodyBytes?: number;
  /** Without this key as `authorization: Bearer …` the answer is 401. @default no key is asked for */
  readonly apiKey?: string;
  /** A request that holds such an event is answered 422 as a whole. @default none */
  readonly poison?: (event: ReceivedEvent) => boolean;
}

/** One request as it arrived. */
export interface ReceivedRequest {
  /** 0, 1, 2 … */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Its events; empty when it was none that a backend understands. */
  readonly events: readonly ReceivedEvent[];
  readonly fault: Fault | undefined;
}

/** A metering backend that misbehaves on demand and remembers everything. */
export interface FaultBackend {
  /** Base URL without a slash at its end. */
  readonly url: string;
  /** Every request, in the order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** Every event of every request, counted or not. */
  readonly arrivals: readonly ReceivedEvent[];
  /** Those that were counted. */
  readonly counted: readonly ReceivedEvent[];
  /** The next requests meet these faults, one each; `undefined` is a request that goes well. */
  next(...faults: readonly (Fault | undefined)[]): void;
  /**
   * Every request for which nothing else was asked meets this fault, until it is taken away with `undefined`. A function is
   * asked for each request, by its number.
   */
  always(fault: Fault | undefined | ((request: number) => Fault | undefined)): void;
  /** From now on this key is asked for. */
  rotateKey(apiKey: string): void;
  /** Resolves when `count` requests have arrived since the start. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A real HTTP server on this machine that speaks both dialects, fails as it is told, and keeps a raw log of what it received: what a
 * test of delivery is judged by.
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

  /** Counts an event; false when it was counted before. */
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

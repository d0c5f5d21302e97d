// A receiver that answers as each backend would and counts the events that arrive. Its own process, as lean as can be:
// it looks for the mark of an event in the body instead of parsing it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { preciseNow } from "./clock.ts";
import { endWithParent, tellParent } from "./parent.ts";

/** How each backend's request shows its events, and what it answers to so many of them. */
interface Face {
  /** What each event has once; undefined where a request is one event. */
  readonly mark: string | undefined;
  readonly status: number;
  readonly answer: (events: number) => string;
}

const face = (mark: string | undefined, status: number, answer: (events: number) => string): Face => ({
  mark,
  status,
  answer,
});

/** Answers that grow with the number of events are written once for each number. */
const remembered = (write: (events: number) => string): ((events: number) => string) => {
  const answers = new Map<number, string>();
  return (events) => {
    const answer = answers.get(events) ?? write(events);
    answers.set(events, answer);
    return answer;
  };
};

const offsets = remembered((events) => {
  const list = Array.from({ length: events }, (_, offset) => ({
    partition: 0,
    offset,
    error_code: null,
    error: null,
  }));
  return JSON.stringify({ offsets: list, key_schema_id: null, value_schema_id: null });
});

const CUSTOMER = '[{"id":"cust_001"}]';

const FACES: readonly (readonly [prefix: string, face: Face])[] = [
  ["/topics/", face('"value":', 200, offsets)],
  ["/api/v1/events", face(undefined, 200, () => '{"status":"accepted"}')],
  ["/api/v1/customer-accounts/", face("no event", 200, () => CUSTOMER)],
  ["/metering/v1alpha1/customer-accounts/", face("no event", 200, () => CUSTOMER)],
  ["/openmeter", face('"specversion"', 204, () => "")],
  ["/polar", face('"customer_id"', 200, (events) => `{"inserted":${events},"duplicates":0}`)],
  ["/schematic/batch", face('"api_key"', 200, () => "{}")],
  ["/v1/batch", face('"messageId"', 200, () => '{"success":true}')],
  ["/batch", face('"uuid"', 200, () => '{"status":"Ok"}')],
];

let events = 0;
let firstArrival = 0;
let lastArrival = 0;
/** Of connections that are closed. */
let bytesBefore = 0;
const sockets = new Set<Socket>();

const count = (text: string, mark: string): number => {
  let found = 0;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) found++;
  return found;
};

const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  const path = request.url ?? "/";
  const found = FACES.find(([prefix]) => path.startsWith(prefix))?.[1];
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  const raw = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const arrived = found.mark === undefined ? 1 : count(raw.toString("latin1"), found.mark);
  if (arrived > 0) {
    events += arrived;
    lastArrival = preciseNow();
    firstArrival ||= lastArrival;
  }
  const text = found.answer(arrived);
  response.writeHead(found.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () =>
    answer(request, response, chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
  );
});
server.keepAliveTimeout = 60_000;
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.once("close", () => {
    sockets.delete(socket);
    bytesBefore += socket.bytesRead;
  });
});
server.listen(Number(process.argv[2] ?? "0"), "127.0.0.1", () => {
  const address = server.address();
  void tellParent({ port: typeof address === "object" && address !== null ? address.port : 0 });
});
process.on("message", () => {
  let bytes = bytesBefore;
  for (const { bytesRead } of sockets) bytes += bytesRead;
  void tellParent({ events, bytes, firstArrival, lastArrival });
});
endWithParent();

// A receiver that answers as each backend would and counts the events that arrive. Its own process, as lean as can be:
// it looks for the mark of an event in the body instead of parsing it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";

/** How each backend's request shows its events, and what it answers to so many of them. */
interface Face {
  readonly mark: string | undefined;
  readonly status: number;
  readonly type: string;
  readonly answer: (events: number) => string;
}

const json = (mark: string | undefined, status: number, answer: (events: number) => string): Face => ({
  mark,
  status,
  type: "application/json",
  answer,
});

const offsets = new Map<number, string>();
const offsetsOf = (events: number): string => {
  let text = offsets.get(events);
  if (text === undefined) {
    const list = Array.from({ length: events }, (_, offset) => ({
      partition: 0,
      offset,
      error_code: null,
      error: null,
    }));
    text = JSON.stringify({ offsets: list, key_schema_id: null, value_schema_id: null });
    offsets.set(events, text);
  }
  return text;
};

const FACES: readonly (readonly [prefix: string, face: Face])[] = [
  ["/topics/", json('"value":', 200, offsetsOf)],
  ["/api/v1/events", json(undefined, 200, () => '{"status":"accepted"}')],
  ["/api/v1/customer-accounts/", json("no event", 200, () => '[{"id":"cust_001"}]')],
  ["/openmeter", json('"specversion"', 204, () => "")],
  ["/v1/batch", json('"messageId"', 200, () => '{"success":true}')],
  ["/batch", json('"uuid"', 200, () => '{"status":"Ok"}')],
];

let events = 0;
let requests = 0;
let bytes = 0;
let lastArrival = 0;

const count = (text: string, mark: string): number => {
  let found = 0;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) found++;
  return found;
};

const answer = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  const path = request.url ?? "/";
  if (path === "/sink") {
    response.end(JSON.stringify({ events, requests, bytes, lastArrival }));
    return;
  }
  const face = FACES.find(([prefix]) => path.startsWith(prefix))?.[1];
  if (face === undefined) {
    response.writeHead(404).end();
    return;
  }
  const raw = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const arrived = face.mark === undefined ? 1 : count(raw.toString("latin1"), face.mark);
  if (arrived > 0) {
    events += arrived;
    requests++;
    bytes += body.length;
    lastArrival = Date.now();
  }
  const text = face.answer(arrived);
  response.writeHead(face.status, { "content-type": face.type, "content-length": Buffer.byteLength(text) });
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
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.({
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
  });
});
process.on("disconnect", () => process.exit(0));

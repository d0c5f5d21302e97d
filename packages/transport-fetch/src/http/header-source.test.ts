import { expect, test } from "vitest";
import { json, loopbackServer } from "../../test/loopback-server.ts";
import { outgoingEvent } from "../../test/outgoing-event.ts";
import { sendOne } from "../../test/send-one.ts";
import { fetchTransport, type HeaderSource } from "../index.ts";

const sent = async (headers: HeaderSource) => {
  await using server = await loopbackServer((response) => json(response, 200, {}));
  const answer = await sendOne({ baseUrl: server.url, headers });
  return { answer, requests: server.requests };
};

test("headers go with every request", async () => {
  const { requests } = await sent({ Authorization: "Bearer t0ken", "x-region": "eu" });
  expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer t0ken", "x-region": "eu" });
});

test("a function is asked before every send, so that a token can change", async () => {
  let token = 0;
  await using server = await loopbackServer((response) => json(response, 200, {}));
  const transport = fetchTransport({
    baseUrl: server.url,
    headers: async () => ({ authorization: `Bearer ${++token}` }),
  });
  const context = { signal: AbortSignal.timeout(60_000), deadline: 0 };
  await transport.send({ events: [outgoingEvent()] }, context);
  await transport.send({ events: [outgoingEvent()] }, context);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2"]);
});

test("a function that throws: nothing is sent, and its message is kept to itself", async () => {
  const { answer, requests } = await sent(() => {
    throw new Error("token s3cret expired");
  });
  expect(answer.fault).toMatchObject({ kind: "unavailable" });
  expect(JSON.stringify(answer)).not.toContain("s3cret");
  expect(requests).toEqual([]);
});

test("a function that gives what no header can hold: nothing is sent, blocked", async () => {
  const { answer, requests } = await sent(() => ({ authorization: "Bearer s3cret\n" }));
  expect(answer.fault).toMatchObject({
    kind: "blocked",
    reason: expect.stringContaining("headers.authorization"),
  });
  expect(JSON.stringify(answer)).not.toContain("s3cret");
  expect(requests).toEqual([]);
});

test("a function that never answers ends with the signal: nothing is sent", async () => {
  const caller = new AbortController();
  const headers = () => {
    caller.abort();
    return new Promise<never>(() => {});
  };
  const answer = await sendOne({ baseUrl: "https://meter.example.com", headers }, caller.signal);
  expect(answer.fault).toMatchObject({ kind: "unavailable", reason: expect.stringContaining("not sent") });
});

test("a secret in the receiver's redirect is not passed on", async () => {
  await using server = await loopbackServer((response) =>
    response.writeHead(302, { location: "http://127.0.0.1:1/s3cret-token" }).end(),
  );
  const { fault } = await sendOne({ baseUrl: server.url, headers: { authorization: "Bearer s3cret-token" } });
  expect(fault?.reason).toMatch(/redirects are not followed: .* to http:\/\/127\.0\.0\.1:1\/\[hidden\]$/);
});

test("a secret that the receiver repeats is not passed on", async () => {
  await using server = await loopbackServer((response, { headers }) =>
    json(response, 401, { you_sent: headers }),
  );
  const headers = { authorization: "Bearer s3cret-token", "x-api-key": "another-s3cret" };
  const { fault } = await sendOne({ baseUrl: server.url, headers });
  expect(fault?.body).toMatchObject({
    you_sent: { authorization: "[hidden]", "x-api-key": "[hidden]", "x-seq": "7" },
  });
  expect(JSON.stringify(fault)).not.toContain("s3cret");
});

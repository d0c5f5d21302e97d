import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox();
});
afterEach(() => sandbox.close());

const ask = (method: string, path: string, body?: string): Promise<Response> =>
  fetch(`${sandbox.url}/sandbox/v1/${path}`, { method, ...(body === undefined ? {} : { body }) });

test.each([
  ["usage?from=abc", 'from: expected an integer from 0 to 10^15 − 1, got "abc"'],
  ["usage?from=10&to=5", "to: expected a time from 10 on, got 5"],
  ["usage?meter=pages", "meter: expected one of the fields tenant_id, customer_id, meter_id, from, to, by"],
  ["usage/totals?by=day", 'by: expected "customer", "tenant" or "meter", got "day"'],
  ["usage/totals", 'by: expected "customer", "tenant" or "meter", got nothing'],
  [
    "usage/totals?by=meter&sort=size&limit=9999",
    'sort: expected "id", "total_usage", "duration_ms", "events", "duplicates", "conflicts", "late", "customers", "tenants" or "meters", got "size"; limit: expected an integer from 1 to 1000, got 9999',
  ],
  ["usage/figures", "to: expected an integer from 0 to 10^15 − 1, got nothing"],
  ["usage/keys", "meter_id: expected a meter's id, got nothing"],
  ["usage/series?meter_id=", 'meter_id: expected a meter\'s id, got ""'],
  [
    "usage/series?meter_id=pages&group_by=metadata.",
    'group_by: expected customer, tenant or metadata.KEY, got "metadata."',
  ],
  ["usage/series?meter_id=pages&time_zone=Mars", 'time_zone: expected a name like Europe/Berlin, got "Mars"'],
  ["ledger/ids?meter_id=pages&hour=0", "tenant_id: expected a tenant's id, got nothing"],
  ["faults/attempts", "event_id: expected an event's id, got nothing"],
  ["sessions?limit=0", "limit: expected an integer from 1 to 1000, got 0"],
  ["stream?every_ms=5", "every_ms: expected an integer from 100 to 5000, got 5"],
  [
    "export/events.csv?limit=5",
    "limit: expected one of the fields tenant_id, customer_id, meter_id, event_id, state, after",
  ],
])("GET %s is refused in words", async (path, message) => {
  expect(await getJson(sandbox.url, `/sandbox/v1/${path}`)).toEqual({ error: "bad_request", message });
});

test.each([
  ["PUT", "tenant?tenant_id=t", "{", "The body: expected { customer_id } as JSON"],
  ["PUT", "tenant?tenant_id=t", "[]", "The body: expected { customer_id }, got an array"],
  [
    "PUT",
    "tenant?tenant_id=t",
    "{}",
    "customer_id: expected text of 1 to 255 characters without control characters, got nothing",
  ],
  [
    "PUT",
    "tenant?tenant_id=t",
    '{ "customer_id": "c", "plan": 1 }',
    "plan: expected one of the fields customer_id",
  ],
  ["PUT", "faults", '{ "outcomes": "reset" }', "outcomes: expected one of the fields delay_ms, outcome"],
  ["PUT", "faults", '{ "delay_ms": 60001 }', "delay_ms: expected an integer from 0 to 60000, got 60001"],
  [
    "PUT",
    "faults",
    '{ "outcome": "fire" }',
    'outcome: expected "as_usual", "unavailable" or "reset", got "fire"',
  ],
  ["PUT", "faults", '"slow"', 'The body: expected { delay_ms?, outcome? }, got "slow"'],
])("%s %s with %s is refused in words", async (method, path, body, message) => {
  const answer = await ask(method, path, body);
  expect([answer.status, await answer.json()]).toEqual([400, { error: "bad_request", message }]);
});

test.each([
  ["GET", "requests/99", "There is no request 99"],
  ["GET", "tenant?tenant_id=nobody", 'There is no tenant "nobody"'],
  ["DELETE", "tenant?tenant_id=nobody", 'There is no tenant "nobody"'],
  ["DELETE", "api-keys/7", "There is no API key 7"],
  ["GET", "outboxes/0/events", "There is no outbox 0"],
  ["GET", "nothing", "No such route: GET /sandbox/v1/nothing"],
])("%s %s is not found", async (method, path, message) => {
  const answer = await ask(method, path);
  expect([answer.status, await answer.json()]).toEqual([404, { error: "not_found", message }]);
});

test("another method is refused with those that are allowed", async () => {
  const answer = await ask("POST", "tenant");
  expect([answer.status, answer.headers.get("allow"), await answer.json()]).toEqual([
    405,
    "GET, PUT, DELETE",
    {
      error: "method_not_allowed",
      message: "method: expected one of GET, PUT, DELETE for /sandbox/v1/tenant, got POST",
    },
  ]);
});

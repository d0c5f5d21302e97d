import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSandbox } from "../sandbox.ts";
import { getJson } from "../testing/post-events.ts";

const PORTAL = "/metering/v1alpha1/customer-accounts/tenant/tenant_123";
const tenants = { tenant_123: "cust_001" };

const make = async (url: string): Promise<{ readonly id: number; readonly key: string }> => {
  const answer = await fetch(`${url}/sandbox/v1/api-keys`, { method: "POST" });
  expect(answer.status).toBe(201);
  const made: unknown = await answer.json();
  expect(made).toEqual({ id: expect.any(Number), key: expect.stringMatching(/^sandbox_[\w-]{24}$/) });
  return Object.assign({ id: 0, key: "" }, made);
};

const lookUp = async (url: string, key?: string): Promise<number> =>
  (await fetch(url + PORTAL, key === undefined ? {} : { headers: { "x-api-key": key } })).status;

test("the first key closes the portal's lookup; its removal opens it again", async () => {
  await using sandbox = await createSandbox({ tenants });
  expect(await lookUp(sandbox.url)).toBe(200);
  const { id, key } = await make(sandbox.url);
  expect(await lookUp(sandbox.url)).toBe(401);
  expect(await lookUp(sandbox.url, "nope")).toBe(401);
  expect(await lookUp(sandbox.url, key)).toBe(200);
  expect(await getJson(sandbox.url, "/sandbox/v1/api-keys")).toMatchObject({
    keys: [{ id, ending: key.slice(-4), uses: 1, last_used_at: expect.any(Number) }],
  });
  const path = `${sandbox.url}/sandbox/v1/api-keys/${id}`;
  expect((await fetch(path, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(path, { method: "DELETE" })).status).toBe(404);
  expect(await lookUp(sandbox.url)).toBe(200);
});

test("keys of the options are listed by their ends, and stay", async () => {
  await using sandbox = await createSandbox({ tenants, apiKeys: ["sk-lw-secret-1234", "short"] });
  const listed = await getJson(sandbox.url, "/sandbox/v1/api-keys");
  expect(listed).toMatchObject({
    keys: [
      { id: null, ending: "1234", added_at: null, uses: 0 },
      { id: null, ending: "" },
    ],
  });
  await make(sandbox.url);
  await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
  expect(await getJson(sandbox.url, "/sandbox/v1/api-keys")).toEqual(listed);
});

test("a key that was made survives in the file, but not as text", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-keys-"));
  const file = join(folder, "usage.db");
  try {
    let key: string;
    {
      await using sandbox = await createSandbox({ tenants, file });
      ({ key } = await make(sandbox.url));
    }
    expect((await readFile(file, "latin1")).includes(key)).toBe(false);
    await using again = await createSandbox({ tenants, file });
    expect(await lookUp(again.url)).toBe(401);
    expect(await lookUp(again.url, key)).toBe(200);
  } finally {
    await rm(folder, { recursive: true });
  }
});

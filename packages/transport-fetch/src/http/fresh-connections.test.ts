import { afterEach, expect, test, vi } from "vitest";
import { sendOne } from "../../test/send-one.ts";

afterEach(() => vi.unstubAllGlobals());

const baseUrl = "http://meter.example.com";

/** What the transport gives to a global fetch beside the request. */
const optionsOfFetch = async (options: object = {}): Promise<object> => {
  const fetch = vi.fn(async (_request: unknown, _init?: object) => Response.json({}));
  vi.stubGlobal("fetch", fetch);
  await sendOne({ baseUrl, ...options });
  return fetch.mock.calls[0]?.[1] ?? {};
};

test("on Deno every request has a connection of its own: Deno posts again by itself on a kept one", async () => {
  vi.stubGlobal("Deno", { createHttpClient: (options: object) => ({ made: options }) });
  expect(await optionsOfFetch()).toMatchObject({ client: { made: { poolMaxIdlePerHost: 0 } } });
});

test("a client of one's own stays", async () => {
  vi.stubGlobal("Deno", { createHttpClient: () => "another" });
  const ky: object = { client: "mine" };
  expect(await optionsOfFetch({ ky })).toMatchObject({ client: "mine" });
});

test("elsewhere fetch is left as it is", async () => {
  expect(await optionsOfFetch()).not.toHaveProperty("client");
});

import { isMeterError } from "@meter-lib/core";
import { expect, test } from "vitest";
import { checkLookupOptions } from "./http-customer-lookup-options.ts";

const baseUrl = "https://portal.example.com";

const issuesOf = (options: unknown) => {
  try {
    checkLookupOptions(options);
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_options") return error.issues;
    throw error;
  }
  throw new Error("no error");
};

test.each([
  [undefined, "options"],
  [{}, "baseUrl"],
  [{ baseUrl: "portal.example.com" }, "baseUrl"],
  [{ baseUrl: "ftp://portal.example.com" }, "baseUrl"],
  [{ baseUrl: " https://portal.example.com" }, "baseUrl"],
  [{ baseUrl: "https://user:pass@portal.example.com" }, "baseUrl"],
  [{ baseUrl, apiKey: "" }, "apiKey"],
  [{ baseUrl, apiKey: "key\n" }, "apiKey"],
  [{ baseUrl, apiKey: "schlüssel" }, "apiKey"],
  [{ baseUrl, apiKey: 5 }, "apiKey"],
  [{ baseUrl, route: "portal" }, "apiKey"],
  [{ baseUrl, route: "portal-key" }, "apiKey"],
  [{ baseUrl, route: "internal", apiKey: "key" }, "apiKey"],
  [{ baseUrl, route: "v2" }, "route"],
  [{ baseUrl, timeoutMs: 0 }, "timeoutMs"],
  [{ baseUrl, headers: { "x-a": "\n" } }, "headers.x-a"],
  [{ baseUrl, headers: { "a b": "c" } }, "headers.a b"],
  [{ baseUrl, fetch: 5 }, "fetch"],
  [{ baseUrl, api_key: "key" }, "api_key"],
])("%j is refused, naming %s", (options, field) => {
  expect(issuesOf(options).map((issue) => issue.field)).toEqual([field]);
});

test("options that are missing, all or one, are asked for in words", () => {
  expect(issuesOf(undefined)).toEqual([{ field: "options", given: "nothing", expected: "an object" }]);
  expect(issuesOf({})).toEqual([
    { field: "baseUrl", given: "nothing", expected: "a value (it has no default)" },
  ]);
});

test("a secret is never repeated", () => {
  for (const options of [
    { baseUrl, apiKey: "s3cret\n" },
    { baseUrl: "https://portal.example.com/?key=s3cret" },
    { baseUrl, api_key: "s3cret" },
    { baseUrl, headers: { a: "s3cret\n" } },
  ]) {
    expect(JSON.stringify(issuesOf(options))).not.toContain("s3cret");
  }
});

test("the route follows from the key, unless said", () => {
  expect(checkLookupOptions({ baseUrl }).route).toBe("internal-v1");
  expect(checkLookupOptions({ baseUrl, apiKey: "key" }).route).toBe("portal");
  expect(checkLookupOptions({ baseUrl, apiKey: "key", route: "portal-key" }).route).toBe("portal-key");
  expect(checkLookupOptions({ baseUrl, route: "internal" }).route).toBe("internal");
});

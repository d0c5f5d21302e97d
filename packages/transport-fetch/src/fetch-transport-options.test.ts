import { isMeterError } from "@meter-lib/core";
import { expect, test } from "vitest";
import { checkOptions } from "./fetch-transport-options.ts";

const issuesOf = (options: unknown) => {
  try {
    checkOptions(options);
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_options") return error.issues;
    throw error;
  }
  throw new Error("no error");
};

const baseUrl = "https://meter.example.com";

test.each([
  ["meter.example.com", '"meter.example.com"'],
  ["ftp://meter.example.com", '"ftp://meter.example.com"'],
  ["http:meter.example.com", '"http:meter.example.com"'],
  [" https://meter.example.com", '" https://meter.example.com"'],
  ["https://meter.example.com\n", '"https://meter.example.com\\n"'],
  ["https://", '"https://"'],
  ["https://meter.example.com:99999", '"https://meter.example.com:99999"'],
  ["https://meter.example.com/?key=hunter2", "a URL with a query or a fragment"],
  ["https://meter.example.com/#hunter2", "a URL with a query or a fragment"],
  ["", '""'],
])("the base URL %j is refused", (given, shown) => {
  expect(issuesOf({ baseUrl: given })).toEqual([
    { field: "baseUrl", given: shown, expected: expect.stringContaining("an http or https URL") },
  ]);
});

test("what is missing, and what does not exist, is named", () => {
  expect(issuesOf(undefined)).toEqual([{ field: "options", given: "nothing", expected: "an object" }]);
  expect(issuesOf({ url: baseUrl })).toEqual([
    { field: "baseUrl", given: "nothing", expected: "a value (it has no default)" },
    { field: "url", given: "a value", expected: "no option of this name" },
  ]);
});

test("credentials in a base URL are refused and not repeated", () => {
  const [issue] = issuesOf({ baseUrl: "https://user:hunter2@meter.example.com" });
  expect(issue).toMatchObject({ field: "baseUrl", given: "a URL with credentials" });
  expect(JSON.stringify(issue)).not.toContain("hunter2");
});

test.each([
  [undefined, "options"],
  ["https://meter.example.com", "options"],
  [{}, "baseUrl"],
  [{ baseUrl: 5 }, "baseUrl"],
  [{ baseUrl, dialect: "kafka" }, "dialect"],
  [{ baseUrl, dialect: "kafka-rest", topic: "bad name!" }, "topic"],
  [{ baseUrl, dialect: "kafka-rest", topic: ".." }, "topic"],
  [{ baseUrl, dialect: "kafka-rest", topic: "" }, "topic"],
  [{ baseUrl, topic: "usage-events" }, "topic"],
  [{ baseUrl, strictWire: "yes" }, "strictWire"],
  [{ baseUrl, dedup: true }, "dedup"],
  [{ baseUrl, dedup: { windowMs: 0 } }, "dedup.windowMs"],
  [{ baseUrl, dialect: "kafka-rest", corrections: { amendMs: 0 } }, "corrections.amendMs"],
  [{ baseUrl, corrections: { amendMs: 1 } }, "corrections"],
  [{ baseUrl, dedup: { windowMs: 1.5 } }, "dedup.windowMs"],
  [{ baseUrl, timeoutMs: 0 }, "timeoutMs"],
  [{ baseUrl, timeoutMs: Number.NaN }, "timeoutMs"],
  [{ baseUrl, timeoutMs: 2 ** 31 }, "timeoutMs"],
  [{ baseUrl, fetch: "fetch" }, "fetch"],
  [{ baseUrl, refreshCredentials: 1 }, "refreshCredentials"],
  [{ baseUrl, ky: { retry: 3 } }, "ky.retry"],
  [{ baseUrl, ky: { searchParams: { async: "true" } } }, "ky.searchParams"],
  [{ baseUrl, headers: "authorization: x" }, "headers"],
  [{ baseUrl, headers: { "Content-Type": "text/plain" } }, "headers.Content-Type"],
  [{ baseUrl, headers: { "x-tenant-id": "other" } }, "headers.x-tenant-id"],
  [{ baseUrl, headers: { "bad name": "x" } }, "headers.bad name"],
  [{ baseUrl, headers: { "x-a": "line\nbreak" } }, "headers.x-a"],
  [{ baseUrl, headers: { "x-a": 5 } }, "headers.x-a"],
  [{ baseUrl, baseURL: baseUrl }, "baseURL"],
])("%j is refused, naming %s", (options, field) => {
  const issues = issuesOf(options);
  expect(issues.map((issue) => issue.field)).toEqual([field]);
  for (const issue of issues) expect(issue.given && issue.expected).toBeTruthy();
});

test("every field at fault is named at once", () => {
  const fields = issuesOf({ baseUrl: "nowhere", topic: "t", headers: { accept: "a" } }).map(
    ({ field }) => field,
  );
  expect(fields).toEqual(["baseUrl", "topic", "headers.accept"]);
});

test("a secret is never repeated", () => {
  const given = [
    { baseUrl, headers: { authorization: "Bearer s3cret\n" } },
    { baseUrl, headers: "Bearer s3cret" },
    { baseUrl, headers: ["Bearer s3cret"] },
    { baseUrl, apiKey: "s3cret" },
    { baseUrl, ky: "s3cret" },
  ];
  for (const options of given) expect(JSON.stringify(issuesOf(options))).not.toContain("s3cret");
});

test.each([
  ["https://meter.example.com", "https://meter.example.com"],
  ["https://meter.example.com/", "https://meter.example.com"],
  ["https://meter.example.com/a/b//", "https://meter.example.com/a/b"],
  ["HTTP://Meter.Example.com:8080/a", "http://meter.example.com:8080/a"],
  [new URL("http://[::1]:8080/"), "http://[::1]:8080"],
])("the base URL %s is taken", (given, expected) => {
  expect(checkOptions({ baseUrl: given }).baseUrl).toBe(expected);
});

test("what is not said: the dialect events, no dedup, fifteen seconds", () => {
  expect(checkOptions({ baseUrl })).toMatchObject({
    dialect: "events",
    dedup: false,
    strictWire: false,
    timeoutMs: 15_000,
  });
});

import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { EventIssue } from "../check/event-issue.ts";
import { isMeterError } from "../errors/meter-error.ts";
import { defineCatalog } from "./define-catalog.ts";

const issuesOf = (define: () => unknown): readonly EventIssue[] => {
  try {
    define();
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_catalog") return error.issues;
    throw error;
  }
  return [];
};

// What a caller without types, or with wider ones, can pass.
const fromJson = (text: string): Record<string, { type: "volume" }> => JSON.parse(text);

describe("a good catalog", () => {
  test("comes back as a frozen copy; the original stays free", () => {
    const original = { "image.resized": { type: "volume", unit: "image" } } as const;
    const catalog = defineCatalog(original);
    expect(catalog).toEqual(original);
    expect(Object.isFrozen(catalog) && Object.isFrozen(catalog["image.resized"])).toBe(true);
    expect(Object.isFrozen(original["image.resized"])).toBe(false);
  });

  test("keeps its metadata schema, which may be a function as in ArkType", () => {
    const metadata = Object.assign(() => undefined, {
      "~standard": v.object({ model: v.string() })["~standard"],
    });
    const catalog = defineCatalog({ "gpu.on": { type: "performance", metadata } });
    expect(catalog["gpu.on"].metadata).toBe(metadata);
  });

  test("may name a meter as an object names its members", () => {
    const catalog = defineCatalog({ constructor: { type: "volume" }, toString: { type: "volume" } });
    expect(Object.keys(catalog)).toEqual(["constructor", "toString"]);
    expect("valueOf" in catalog).toBe(false);
  });
});

describe("a bad catalog is refused, and every fault is named", () => {
  test.each([
    ["a wrong type", '{"a.b":{"type":"volumes"}}', '["a.b"].type', '"volumes"', '"volume" or "performance"'],
    ["no type", '{"a":{}}', '["a"].type', "undefined", '"volume" or "performance"'],
    [
      "a typo",
      '{"a":{"type":"volume","agregation":"last"}}',
      '["a"].agregation',
      '"agregation"',
      "one of the fields type, ",
    ],
    [
      "a wrong aggregation",
      '{"a":{"type":"volume","aggregation":"avg"}}',
      '["a"].aggregation',
      '"avg"',
      '"sum" or "last" or "max"',
    ],
    ["a unit that is no text", '{"a":{"type":"volume","unit":3}}', '["a"].unit', "3", "text"],
    [
      "metadata that is no schema",
      '{"a":{"type":"volume","metadata":{"a":"b"}}}',
      '["a"].metadata',
      "an object",
      "a Standard Schema",
    ],
    ["no meter", '{"a":null}', '["a"]', "null", "a meter"],
    ["an empty id", '{"":{"type":"volume"}}', '[""]', '""', "1 to 255 visible ASCII"],
    ["a space in an id", '{"a b":{"type":"volume"}}', '["a b"]', '"a b"', "1 to 255 visible ASCII"],
    ["a prototype's key", '{"__proto__":{"type":"volume"}}', '["__proto__"]', '"__proto__"', "safe as a key"],
    ["a list", "[]", "catalog", "an array", "an object of meters by id"],
  ])("%s", (_, json, field, given, expected) => {
    expect(issuesOf(() => defineCatalog(fromJson(json)))).toEqual([
      { field, given, expected: expect.stringContaining(expected) },
    ]);
  });

  test("an id of 256 characters", () => {
    expect(issuesOf(() => defineCatalog({ ["x".repeat(255)]: { type: "volume" } }))).toEqual([]);
    expect(issuesOf(() => defineCatalog({ ["x".repeat(256)]: { type: "volume" } }))).toHaveLength(1);
  });

  test("an id that would be lost as the prototype of the literal", () => {
    expect(
      issuesOf(() => defineCatalog({ __proto__: { type: "volume" }, a: { type: "volume" } })),
    ).toHaveLength(1);
  });

  test("several faults at once", () => {
    const issues = issuesOf(() => defineCatalog(fromJson('{"a":{"type":"x","unit":1},"b":{}}')));
    expect(issues.map(({ field }) => field)).toEqual(['["a"].type', '["a"].unit', '["b"].type']);
  });
});

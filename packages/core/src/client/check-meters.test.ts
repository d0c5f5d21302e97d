import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { cutOver, fallback, route } from "../compose.ts";
import { type Catalog, defineCatalog, MeterClient, memoryTransport, type Transport } from "../index.ts";

const catalog = defineCatalog({
  "page.scanned": { type: "volume" },
  "image.made": { type: "volume", metadata: v.object({ model: v.string() }) },
  "image.seen": { type: "volume", metadata: v.object({ model: v.optional(v.string()) }) },
});

/** One that has no place for metadata. */
const bare = (): Transport => ({
  ...memoryTransport({ name: "bare" }),
  check: {
    meter: ({ meter_id, hasMetadata }) =>
      hasMetadata
        ? { field: `catalog.${meter_id}.metadata`, given: "a schema", expected: "none" }
        : undefined,
  },
});

const made = (transport: Transport, meters: Catalog = catalog) =>
  new MeterClient({
    transport,
    catalog: meters,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
  });

const refusal = {
  code: "invalid_options",
  message: "catalog.image.made.metadata: expected none, got a schema",
};

test("a client is not made whose transport can carry no event of a meter", () => {
  expect(() => made(bare())).toThrow(expect.objectContaining(refusal));
});

test("it is where the other meters alone are in its catalog", () => {
  const { "image.made": _, ...others } = catalog;
  expect(() => made(bare(), others)).not.toThrow();
});

test("a check that throws is told as such", () => {
  const meter = () => {
    throw new Error("no such table");
  };
  expect(() => made({ ...memoryTransport(), check: { meter } })).toThrow(
    /^transport\.check\.meter: expected .*, got an error: no such table/,
  );
});

describe("transports of transports", () => {
  const able = memoryTransport();

  test("fallback: all must be able to", () => {
    expect(() => made(fallback([able, bare()]))).toThrow(expect.objectContaining(refusal));
    expect(() => made(fallback([able, able]))).not.toThrow();
  });

  test("route: one of those it picks from must be able to", () => {
    const one = bare();
    expect(() => made(route(() => one, [one, bare()]))).toThrow(expect.objectContaining(refusal));
    expect(() => made(route(() => able, [one, able]))).not.toThrow();
    expect(() => made(route(() => one))).not.toThrow();
  });

  test("cut-over: the old or the new one must be able to", () => {
    const at = Date.now();
    expect(() => made(cutOver({ at, before: bare(), after: bare() }))).toThrow(
      expect.objectContaining(refusal),
    );
    expect(() => made(cutOver({ at, before: able, after: bare() }))).not.toThrow();
  });
});

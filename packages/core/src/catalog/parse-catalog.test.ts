import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { litewaveCatalog } from "./litewave-catalog.ts";
import { parseCatalog } from "./parse-catalog.ts";

const viaJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("parseCatalog", () => {
  test("reads the record form", () => {
    expect(parseCatalog(viaJson(litewaveCatalog))).toEqual(litewaveCatalog);
  });

  test("reads the list form of the guide", () => {
    const list = Object.entries(litewaveCatalog).map(([meter_id, meter]) => ({ meter_id, ...meter }));
    expect(parseCatalog(viaJson(list))).toEqual(litewaveCatalog);
  });

  test("both forms say the same, whatever the ids", () => {
    const id = fc.stringMatching(/^[\x21-\x7e]{1,20}$/).filter((text) => text !== "__proto__");
    const meter = fc.record(
      { type: fc.constantFrom("volume", "performance"), name: fc.string(), unit: fc.string() },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(id, meter), { selector: ([text]) => text }), (entries) => {
        const list = entries.map(([meter_id, fields]) => ({ meter_id, ...fields }));
        const parsed = parseCatalog(viaJson(list));
        expect(parsed).toEqual(parseCatalog(viaJson(Object.fromEntries(entries))));
        expect(Object.keys(parsed).toSorted()).toEqual(entries.map(([text]) => text).toSorted());
      }),
    );
  });

  test("is frozen", () => {
    const catalog = parseCatalog([{ meter_id: "a", type: "volume" }]);
    expect(catalog).toEqual({ a: { type: "volume" } });
    expect(Object.isFrozen(catalog) && Object.isFrozen(catalog.a)).toBe(true);
  });

  test("every field that is none is named, with the one that was probably meant", () => {
    const meter = { type: "volume", agregation: "last", Unit: "seat", aggregation_type: "max", price: 3 };
    const fields = "expected one of the fields type, name, description, unit, aggregation, metadata";
    for (const [path, catalog] of [
      ['["a"]', { a: meter }],
      ["[0]", [{ meter_id: "a", ...meter }]],
    ] as const) {
      expect(() => parseCatalog(catalog)).toThrow(
        [
          `${path}.agregation: ${fields} (perhaps "aggregation"), got "agregation"`,
          `${path}.Unit: ${fields} (perhaps "unit"), got "Unit"`,
          `${path}.aggregation_type: ${fields} (perhaps "aggregation"), got "aggregation_type"`,
          `${path}.price: ${fields}, got "price"`,
        ].join("; "),
      );
    }
    expect(() => parseCatalog({ a: { type: "volume", meter_id: "b" } })).toThrow('["a"].meter_id: expected');
  });

  test.each([
    ["nothing", undefined, "catalog: expected an object of meters by id, or a list of meters, got undefined"],
    ["null", null, "catalog: expected an object of meters by id, or a list of meters, got null"],
    ["text", "{}", 'catalog: expected an object of meters by id, or a list of meters, got "{}"'],
    ["an entry without an id", [{ type: "volume" }], "[0].meter_id: expected an id of 1 to 255"],
    ["an entry that is no meter", [7], "[0]: expected a meter (an object), got 7"],
    [
      "a meter of another type",
      { a: { type: "gauge" } },
      '["a"].type: expected "volume" or "performance", got "gauge"',
    ],
    [
      "an id twice",
      [
        { meter_id: "a", type: "volume" },
        { meter_id: "a", type: "performance" },
      ],
      '[1].meter_id: expected an id that is not used twice, got "a"',
    ],
  ])("refuses %s", (_, value, message) => {
    expect(() => parseCatalog(value)).toThrow(message);
  });
});

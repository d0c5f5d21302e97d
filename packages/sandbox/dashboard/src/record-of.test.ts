import { expect, test } from "vitest";
import { recordOf } from "./record-of.ts";

const body = JSON.stringify({ records: [{ value: { meter_id: "a" } }, { value: { meter_id: "b" } }] });

test("a batch's record, and how many there are", () => {
  expect(recordOf(body, 1)).toEqual({ text: JSON.stringify({ value: { meter_id: "b" } }, null, 2), of: 2 });
});

test.each([null, "", "no JSON", "{}", '{"records":{}}', '{"records":[]}', "null"])(
  "%j is no batch",
  (other) => {
    expect(recordOf(other, 0)).toBeUndefined();
  },
);

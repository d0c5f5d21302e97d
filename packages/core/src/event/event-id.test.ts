import { expect, test } from "vitest";
import { createEventId } from "./event-id.ts";

const NOW = 1_759_791_552_000;

test("ids are UUIDs of version 7, begin with their time, and are all different", () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => createEventId(NOW + (index % 3)));
  expect(new Set(ids).size).toBe(ids.length);
  for (const [index, id] of ids.entries()) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.slice(0, 13).replace("-", ""), 16)).toBe(NOW + (index % 3));
  }
});

test("every digit that is random takes every value about as often", () => {
  const ids = Array.from({ length: 20_000 }, () => createEventId(NOW).replaceAll("-", ""));
  for (let digit = 13; digit < 32; digit++) {
    const counts = Map.groupBy(ids, (id) => id.charAt(digit));
    expect(counts.size).toBe(digit === 16 ? 4 : 16);
    const expected = ids.length / counts.size;
    // Ten standard deviations: by chance less than once in 10²² runs.
    for (const { length } of counts.values())
      expect(Math.abs(length - expected)).toBeLessThan(10 * Math.sqrt(expected));
  }
});

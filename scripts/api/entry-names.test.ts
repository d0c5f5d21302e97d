import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../test/root.ts";
import { entryNames } from "./entry-names.ts";

const namesOf = (entry: string) => entryNames(readFileSync(join(root, "packages", entry), "utf8"));

// A name more in one of these is a decision, not an accident: see docs/decisions/2026-11-30-entries-of-core.md.
test.each([
  ["core/src/index.ts", 60],
  ["core/src/compose.ts", 10],
  ["core/src/transport.ts", 38],
  ["core/src/store.ts", 82],
  ["core/src/wire.ts", 40],
  ["meter-lib/src/index.ts", 87],
])("%s has at most %i names", (entry, most) => {
  const names = namesOf(entry);
  expect(names.length).toBeGreaterThan(5);
  expect(names.length).toBeLessThanOrEqual(most);
});

test("whoever installs meter-lib alone can name all that users of core can", () => {
  expect(namesOf("meter-lib/src/index.ts")).toEqual(
    expect.arrayContaining([...namesOf("core/src/index.ts")]),
  );
});

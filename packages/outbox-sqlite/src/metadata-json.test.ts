import fc from "fast-check";
import { expect, test } from "vitest";
import { quoted } from "./metadata-json.ts";

test("a text is quoted as JSON has it", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant('\ud800"\\\n\u007f')),
      (text) => {
        expect(quoted(text)).toBe(JSON.stringify(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { parseScopedId, scopedId } from "./scoped-id.ts";

test("tenant and event come back out of the id, and no two identities share one", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
  const id = fc.string({ unit: fc.constantFrom("a", "/", "-", "~", "%"), minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(text, id, (tenant_id, event_id) => {
      expect(parseScopedId(scopedId({ tenant_id, event_id }))).toEqual({ tenant_id, event_id });
    }),
  );
});

test.each(["", "no-slash", "/event", "tenant/", "%zz/event", "a b/event", "~digest"])(
  "%j is no id of ours",
  (id) => {
    expect(parseScopedId(id)).toBeUndefined();
  },
);

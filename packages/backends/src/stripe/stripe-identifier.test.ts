import fc from "fast-check";
import { expect, test } from "vitest";
import { stripeIdentifier } from "../stripe.ts";

const identity = fc.record({
  tenant_id: fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "/", "~", "%", "é"), minLength: 1, maxLength: 3 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 255 }),
  ),
  event_id: fc.string({ unit: fc.constantFrom("a", "/", "~", "%"), minLength: 1, maxLength: 3 }),
});

test("Stripe takes every identity, and no two of them are one there", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(identity, { selector: (one) => JSON.stringify(one), maxLength: 20 }),
      async (identities) => {
        // A lone half of a surrogate pair is no text that a tenant may have.
        const real = identities.filter(({ tenant_id }) => tenant_id.isWellFormed());
        const all = await Promise.all(real.map(stripeIdentifier));
        for (const one of all) expect(one).toMatch(/^[\x21-\x7e]{1,100}$/);
        expect(new Set(all).size).toBe(real.length);
        expect(await Promise.all(real.map(stripeIdentifier))).toEqual(all);
      },
    ),
  );
});

test("it can be read as long as it fits, and is a digest beyond", async () => {
  const event_id = "e".repeat(36);
  expect(await stripeIdentifier({ tenant_id: "t".repeat(63), event_id })).toBe(
    `${"t".repeat(63)}/${event_id}`,
  );
  // `printf '%s' tttt…/eeee… | openssl dgst -sha256 -binary | basenc --base64url`
  expect(await stripeIdentifier({ tenant_id: "t".repeat(64), event_id })).toBe(
    "~hY8sf_lZJzSERAOvEq4jT9CqOpY-9EOcPx08ChahsiA",
  );
});

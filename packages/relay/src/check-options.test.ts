import { memoryTransport } from "@meter-lib/core";
import { expect, test } from "vitest";
import { customerLookup, ORIGIN, PRINCIPAL, relayUnderTest } from "../test/relay-under-test.ts";
import { createRelay, memoryDedup, type RelaySettings, tenantTokens } from "./index.ts";

test.each<[Partial<RelaySettings>, string]>([
  [{ origins: ["https://app.example.com/"] }, "origins: "],
  [{ origins: ["app.example.com"] }, "origins: "],
  [{ origins: ["*"] }, "origins: "],
  [{ limits: { maxBodyBytes: 0 } }, "limits.maxBodyBytes: "],
  [{ limits: { maxEvents: 1.5 } }, "limits.maxEvents: "],
  [{ clockThresholdMs: -1 }, "clockThresholdMs: "],
  [{ limits: { maxBodies: 0 } }, "limits.maxBodies: "],
  [{ dedup: { ...memoryDedup(), windowMs: Number.NaN } }, "dedup.windowMs: "],
  [{ policy: { maxUsage: Number.NaN } }, "policy.maxUsage: "],
  [{ policy: { maxUsage: { "page.processed.basic": -1 } } }, "policy.maxUsage.page.processed.basic: "],
  [{ policy: { maxDurationMs: Number.NaN } }, "policy.maxDurationMs: "],
  [{ policy: { maxAgeMs: -1 } }, "policy.maxAgeMs: "],
])("refuses the options %o by name", (options, message) => {
  expect(() => relayUnderTest(options)).toThrow(
    expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(message) }),
  );
});

test("names everything that is missing", () => {
  // @ts-expect-error nothing is given
  const attempt = () => createRelay({});
  for (const field of ["authenticate", "dedup", "origins", "transport", "customerLookup"])
    expect(attempt).toThrow(expect.objectContaining({ message: expect.stringContaining(`${field}: `) }));
});

test("a client and a transport are one too many", () => {
  const { client } = relayUnderTest();
  const settings = { authenticate: () => PRINCIPAL, dedup: memoryDedup(), origins: [ORIGIN] };
  // @ts-expect-error the one or the other
  const attempt = () => createRelay({ ...settings, client, transport: memoryTransport(), customerLookup });
  expect(attempt).toThrow(expect.objectContaining({ code: "invalid_options" }));
});

test.each([
  ["polcy", { polcy: {} }],
  ["policy.maxUage", { policy: { maxUage: 5 } }],
  ["limits.maxevents", { limits: { maxevents: 5 } }],
  ["rate.devices", { rate: { devices: false } }],
])("a misspelt %s is no option: it would limit nothing", (field, options) => {
  expect(() => Reflect.apply(relayUnderTest, undefined, [options])).toThrow(
    expect.objectContaining({
      code: "invalid_options",
      message: `${field}: expected no option of this name, got a value`,
    }),
  );
});

test("a misspelt option of a dedup store or of tokens is named", async () => {
  const secret = "a secret of thirty-two characters and more";
  const request = { tenant_id: "tenant_123", device_id: "web", meter: ["page.processed.basic"] };
  const expected = expect.objectContaining({
    code: "invalid_options",
    message: expect.stringMatching(/^(windowMS|maxLifeMS|meter): expected no option of this name/),
  });
  expect(() => Reflect.apply(memoryDedup, undefined, [{ windowMS: 1 }])).toThrow(expected);
  expect(() => Reflect.apply(tenantTokens, undefined, [{ secret, maxLifeMS: 1 }])).toThrow(expected);
  await expect(tenantTokens({ secret }).issue(request)).rejects.toEqual(expected);
});

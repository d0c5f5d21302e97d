import { expect, test } from "vitest";
import { isMeterError } from "../errors/meter-error.ts";
import { memoryOutbox } from "../log/memory-outbox.ts";
import { memoryTransport } from "../memory/memory-transport.ts";
import { systemClock } from "../strategies/clock.ts";
import { MeterClient } from "./meter-client.ts";

const needed = {
  transport: memoryTransport(),
  customerLookup: { lookup: async () => ({ state: "found", customer_id: "cust_001" }) },
};

/** As a plain JavaScript caller: nothing is typed. */
const faultsOf = (...args: readonly unknown[]): readonly string[] => {
  try {
    Reflect.construct(MeterClient, args);
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_options") return error.message.split("; ");
    throw error;
  }
  return [];
};

test.each<[object | string | undefined, string]>([
  [undefined, "options: expected an object with transport and customerLookup, got nothing"],
  ["meter", 'options: expected an object with transport and customerLookup, got "meter"'],
  [{ ...needed, transport: undefined }, "transport: expected an object with send(), got nothing"],
  [
    { ...needed, customerLookup: () => "cust_001" },
    "customerLookup: expected an object with lookup(), got a function",
  ],
  [{ ...needed, outbox: "outbox.db" }, 'outbox: expected an object with commit(), got "outbox.db"'],
  [{ ...needed, outBox: memoryOutbox() }, "outBox: expected no option of this name, got a value"],
  [{ ...needed, timeoutMs: 0 }, "timeoutMs: expected milliseconds, more than 0, got 0"],
  [{ ...needed, clock: Date }, "clock: expected an object with now() and schedule(), got a function"],
  [{ ...needed, delivery: 5 }, "delivery: expected an object, got 5"],
  [{ ...needed, delivery: { linger: 5 } }, "delivery.linger: expected no option of this name, got a value"],
  [{ ...needed, delivery: { lingerMs: "5" } }, 'delivery.lingerMs: expected a number ≥ 0, got "5"'],
  [{ ...needed, delivery: { retryCapMs: -1 } }, "delivery.retryCapMs: expected a number ≥ 0, got -1"],
  [{ ...needed, delivery: { onFull: "wait" } }, 'delivery.onFull: expected "refuse" or "block", got "wait"'],
  [
    { ...needed, sessions: { afterCrash: true } },
    'sessions.afterCrash: expected "close" or "resume", got true',
  ],
  [
    { ...needed, defaults: { tenantId: "t" } },
    "defaults.tenantId: expected no option of this name, got a value",
  ],
  [{ ...needed, defaults: { tenant_id: "" } }, 'defaults.tenant_id: expected text, got ""'],
])("%o is refused in words", (options, words) => {
  expect(faultsOf(options)).toEqual([words]);
});

test("every option at fault is named", () => {
  const faults = faultsOf({ transport: {}, outbox: 5, delivery: { lingerMS: 5 } });
  expect(faults.map((fault) => fault.split(":")[0])).toEqual([
    "transport",
    "customerLookup",
    "outbox",
    "delivery.lingerMS",
  ]);
});

test("options that are left out or undefined are no fault", () => {
  expect(faultsOf(needed)).toEqual([]);
  expect(
    faultsOf({
      ...needed,
      clock: systemClock,
      outbox: undefined,
      delivery: { lingerMs: 0, maxInFlight: undefined },
      defaults: { tenant_id: undefined, device_id: "us-east-ing1" },
    }),
  ).toEqual([]);
});

test("a runtime that is too old is told at the start, with the one that it takes", () => {
  const { withResolvers } = Promise;
  try {
    Reflect.deleteProperty(Promise, "withResolvers");
    expect(faultsOf(needed)).toEqual([
      "runtime: expected Node 22.18 or newer, or another runtime of 2024 or later, got a runtime without Promise.withResolvers",
    ]);
  } finally {
    Object.defineProperty(Promise, "withResolvers", {
      value: withResolvers,
      writable: true,
      configurable: true,
    });
  }
});

import type { DeltaRow, SegmentRow, SharedSessionRow } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import { allRows, getOne, putAll, type StoreCase } from "./store-case.ts";

const EVERY_ASCII = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));

const TEXTS = {
  empty: "",
  ascii: EVERY_ASCII,
  lines: '0 {"a":"b\\n"}\n1 {"c":"d"}\n\r\u2028\u2029\u0085',
  quotes: `it's "quoted", \\escaped\\; DROP TABLE bodies; -- %s \${x} <a>&amp;`,
  scripts: "naïve テナント 租户 \u05d0\u05d1 \u0639\u0631 \u0939\u093f",
  planes: "😀👩‍👩‍👧‍👦 𝒳 \u{10ffff} \ufffd \uffff e\u0301",
} as const;

const NUMBERS = [
  0,
  1,
  -1,
  0.1,
  1 / 3,
  -273.15,
  1e-7,
  1e21,
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  2 ** 31,
  2 ** 32 + 1,
  1_768_473_000_123,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

const SEGMENT: SegmentRow = {
  id: "9007199254740991",
  ids: "made/0000000000000000/9007199254740991",
  key: Number.MAX_SAFE_INTEGER,
  count: 3,
  bytes: 600,
  lane: "backfill",
  tenant_id: TEXTS.planes,
  meters: [
    ["api_calls", 2],
    [TEXTS.scripts, 1],
  ],
  producer: "p",
  first_seq: 1,
  recorded_at: 1_768_473_000_000,
  owner: "",
  letter: { state: "rejected", reason: TEXTS.quotes, status: 422, ended_at: 5 },
  pieces: [
    { from: 0, to: 1, inflight: true, attempts: 2, first_sent_at: 3 },
    { from: 2, to: 3, inflight: false, attempts: 0 },
  ],
  customers: [
    [TEXTS.scripts, "customer"],
    ["", ""],
    ["__proto__", "own"],
    ["constructor", "own too"],
  ],
};

const SESSION: SharedSessionRow = {
  session: {
    session_id: "s",
    tenant_id: TEXTS.scripts,
    device_id: "d",
    meter_id: "m",
    scope: EVERY_ASCII,
    start_event_id: "a",
    end_event_id: "b",
    started_at: 0,
    checkpoint_at: 1,
    ended_at: undefined,
    metadata: { "": "", naïve: "😀\u0000\n", ["__proto__"]: "own" },
  },
  members: { one: 1, two: 2 },
};

const DELTA: DeltaRow = {
  accounts: [["meter", 1, -1, 0, 0, 0, 0, 0]],
  recorded: [
    {
      meter_id: "meter",
      hour: 1_768_471_200_000,
      tenants: ["tenant", "日本"],
      events: [1, 2],
      usage: [0.5, 0],
    },
  ],
  acknowledged: [],
};

export const valueCases: readonly StoreCase[] = [
  {
    name: "text comes back as it was put, whatever its characters",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "bodies", TEXTS);
      for (const [key, text] of Object.entries(TEXTS))
        expect(await getOne(store, "bodies", key), key).toBe(text);
      expect(Object.fromEntries(await allRows(store, "bodies"))).toEqual(TEXTS);
    },
  },
  {
    name: "numbers come back as they were put",
    run: async ({ open }) => {
      const store = await open();
      await putAll(store, "accounts", { numbers: NUMBERS, none: [] });
      const numbers = await getOne(store, "accounts", "numbers");
      expect(numbers).toHaveLength(NUMBERS.length);
      for (const [index, number] of NUMBERS.entries()) expect(numbers?.[index]).toBe(number);
      expect(await getOne(store, "accounts", "none")).toEqual([]);
    },
  },
  {
    name: "nested values come back equal, and names of fields may be any text",
    run: async ({ open }) => {
      const store = await open();
      await store.transact((tx) => {
        tx.put("segments", "a", SEGMENT);
        tx.put("sessions", "a", SESSION);
        tx.put("deltas", "a", DELTA);
      });
      expect(await getOne(store, "segments", "a")).toEqual(SEGMENT);
      expect(await getOne(store, "sessions", "a")).toEqual(SESSION);
      expect(await getOne(store, "deltas", "a")).toEqual(DELTA);
      const { customers = {} } = (await getOne(store, "segments", "a")) ?? {};
      expect(Object.keys(customers).toSorted()).toEqual(Object.keys(SEGMENT.customers ?? {}).toSorted());
    },
  },
  {
    name: "a value may be as large as a segment of the largest events",
    run: async ({ open }) => {
      const store = await open();
      const text = `${"0123456789abcdef".repeat(4)} テナント\n`.repeat(60_000);
      await putAll(store, "bodies", { large: text });
      expect((await getOne(store, "bodies", "large")) === text, "equal").toBe(true);
    },
  },
];

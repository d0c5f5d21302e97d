import { expect, test } from "vitest";
import { append, commit, ended, event, events, segmentOf } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const HOUR = 3_600_000;

test("options that make no sense are refused by name, all at once", () => {
  expect(() =>
    sqliteOutbox({
      path: ":memory:",
      limits: { maxEvents: 0, maxBytes: 1.5 },
      retention: { rejectedMs: -1 },
    }),
  ).toThrow(
    'path: expected the path of a file, got ":memory:"; limits.maxEvents: expected an integer ≥ 1, got 0; ' +
      "limits.maxBytes: expected an integer ≥ 1, got 1.5; retention.rejectedMs: expected an integer ≥ 0, got -1",
  );
});

test("dead letters are kept for ever, or discarded after their retention", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main", retention: { rejectedMs: HOUR } });
  await outbox.open();
  const recorded = events(2);
  const { segment } = await append(outbox, recorded, 0);
  const end = [
    ended({ segment, from: 0, to: 1 }, recorded, "rejected"),
    ended({ segment, from: 1, to: 2 }, recorded, "quarantined"),
  ];
  await commit(outbox, { end }, 1_000);
  const claimAt = (now: number) => outbox.claim({ now, maxEvents: 1, maxBytes: 1, skipTenants: [] });
  await claimAt(999 + HOUR);
  expect(await outbox.accounts()).toMatchObject({ rejected: 1, quarantined: 1 });
  await claimAt(1_000 + HOUR);
  expect(await outbox.accounts()).toMatchObject({ rejected: 0, quarantined: 1, discarded: 1 });
  await claimAt(1e15);
  expect(await outbox.accounts()).toMatchObject({ quarantined: 1, discarded: 1 });
  await outbox.close();
});

test("of more dead letters than are to be kept, the oldest are discarded", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main", deadLetters: { maxEvents: 3 } });
  await outbox.open();
  for (const name of ["a", "b", "c", "d", "e"]) {
    const recorded = [event(name)];
    await commit(outbox, { end: [ended(await append(outbox, recorded), recorded, "rejected")] });
  }
  expect(await outbox.accounts()).toMatchObject({ recorded: 5, rejected: 3, discarded: 2 });
  const left = await outbox.list({ state: "rejected" });
  expect(left.map((row) => row.event.event_id)).toEqual(["c", "d", "e"]);
  await outbox.close();
});

test("identities of acknowledged events are forgotten when they are too old, or too many", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main", tombstones: { windowMs: HOUR, max: 3 } });
  await outbox.open();
  const acknowledge = async (name: string, now: number) => {
    const recorded = [event(name)];
    const span = await append(outbox, recorded, now, now);
    await commit(outbox, { end: [ended(span, recorded)] }, now);
  };
  const isKnown = async (name: string, now: number) => {
    const other = segmentOf([event(name, { total_usage: 99 })], { ids_since: now });
    const { appended } = await commit(outbox, { append: [other] }, now);
    return appended[0]?.exceptions[0]?.state === "conflict";
  };
  for (const [index, name] of ["a", "b", "c", "d"].entries()) await acknowledge(name, index);
  expect(await isKnown("b", 10), "three are kept").toBe(true);
  expect(await isKnown("a", 10), "the oldest is not").toBe(false);
  await acknowledge("e", 11 + 2 * HOUR);
  expect([await isKnown("c", 20), await isKnown("e", 20)]).toEqual([false, true]);
  await outbox.close();
});

test("a closed outbox answers no more, and closing is done once", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path });
  await outbox.open();
  await append(outbox, events(2));
  await Promise.all([outbox.close(), outbox.close()]);
  await expect(append(outbox, [event("late")])).rejects.toMatchObject({ code: "closed" });
});

import { expect, test } from "vitest";
import { append, commit, event, events } from "../test/outbox-use.ts";
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
  const [rejected, quarantined] = [event("rejected"), event("quarantined")];
  await append(outbox, [rejected, quarantined], 0);
  await commit(
    outbox,
    {
      bury: [
        { event: rejected, state: "rejected", reason: "no such device", status: 422 },
        { event: quarantined, state: "quarantined", reason: "no answer", status: undefined },
      ],
    },
    1_000,
  );
  const claimAt = (now: number) => outbox.claim({ now, maxEvents: 1, maxBytes: 1, skipTenants: [] });
  await claimAt(1_000 + HOUR);
  expect(await outbox.accounts()).toMatchObject({ rejected: 1, quarantined: 1 });
  await claimAt(1_001 + HOUR);
  expect(await outbox.accounts()).toMatchObject({ rejected: 0, quarantined: 1, discarded: 1 });
  await claimAt(1e15);
  expect(await outbox.accounts()).toMatchObject({ quarantined: 1, discarded: 1 });
  await outbox.close();
});

test("identities of acknowledged events are forgotten when they are too old, or too many", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main", tombstones: { windowMs: HOUR, max: 3 } });
  await outbox.open();
  const acknowledge = async (ids: readonly string[], now: number) => {
    const done = ids.map((id) => event(id));
    await append(outbox, done, now);
    await commit(outbox, { acknowledge: done }, now);
  };
  const known = async (id: string, now: number) => {
    const { appended } = await commit(
      outbox,
      { append: [{ event: event(id, { total_usage: 99 }), hold: true }] },
      now,
    );
    return appended[0]?.state === "conflict";
  };
  await acknowledge(["a", "b"], 0);
  await acknowledge(["c", "d"], 10);
  expect(await known("b", 10), "three are kept").toBe(true);
  expect(await known("a", 10), "the oldest is not").toBe(false);
  await acknowledge(["e"], 11 + HOUR);
  expect([await known("b", 20), await known("c", 20), await known("e", 20)]).toEqual([false, false, true]);
  expect(await outbox.accounts()).toMatchObject({ acknowledged: 5, recorded: 8, pending: 3 });
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

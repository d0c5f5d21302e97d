import type { SessionRow } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { SAMPLE_TIME } from "./sample-event.ts";

const session = (session_id: string, scope = "tenant-1 device-1 viewing"): SessionRow => ({
  session_id,
  tenant_id: "tenant-1",
  device_id: "device-1",
  meter_id: "viewing",
  scope,
  start_event_id: `${session_id}-start`,
  end_event_id: `${session_id}-end`,
  started_at: SAMPLE_TIME,
  checkpoint_at: SAMPLE_TIME,
  ended_at: undefined,
  metadata: { room: "blue" },
});

export const sessionCases: readonly ConformanceCase[] = [
  {
    name: "a session is opened, kept on, left and finished",
    run: async ({ open }) => {
      const outbox = await open();
      const row = session("s1");
      const end = SAMPLE_TIME + 60_000;
      expect(await outbox.session({ change: "open", session: row })).toEqual({ state: "opened" });
      expect(
        await outbox.session({ change: "checkpoint", session_id: "s1", at: SAMPLE_TIME + 30_000 }),
      ).toEqual({ state: "kept" });
      expect(await outbox.session({ change: "leave", session_id: "s1", at: end })).toEqual({
        state: "ended",
        session: { ...row, checkpoint_at: SAMPLE_TIME + 30_000, ended_at: end },
      });
      expect(await outbox.session({ change: "checkpoint", session_id: "s1", at: end + 1 })).toEqual({
        state: "gone",
      });
      expect(await outbox.session({ change: "finish", session_id: "s1" })).toEqual({ state: "kept" });
      expect(await outbox.session({ change: "finish", session_id: "s1" })).toEqual({ state: "gone" });
      expect(await outbox.session({ change: "leave", session_id: "s1", at: end })).toEqual({ state: "gone" });
    },
  },
  {
    name: "sessions of one scope are one; it ends when it was left as often as it was opened",
    run: async ({ open }) => {
      const outbox = await open();
      const row = session("s1");
      await outbox.session({ change: "open", session: row });
      expect(await outbox.session({ change: "open", session: session("s2") })).toEqual({
        state: "joined",
        session: row,
      });
      expect(await outbox.session({ change: "open", session: session("s3", "another scope") })).toEqual({
        state: "opened",
      });
      expect(await outbox.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 1 })).toEqual({
        state: "kept",
      });
      expect(await outbox.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 2 })).toEqual({
        state: "ended",
        session: { ...row, ended_at: SAMPLE_TIME + 2 },
      });
    },
  },
  {
    name: "a session that ended is not joined, also before its end is recorded",
    run: async ({ open }) => {
      const outbox = await open();
      await outbox.session({ change: "open", session: session("s1") });
      await outbox.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 1 });
      expect(await outbox.session({ change: "open", session: session("s2") })).toEqual({ state: "opened" });
      expect(await outbox.session({ change: "finish", session_id: "s1" })).toEqual({ state: "kept" });
      expect(await outbox.session({ change: "checkpoint", session_id: "s2", at: SAMPLE_TIME + 5 })).toEqual({
        state: "kept",
      });
    },
  },
  {
    name: "an unknown session is gone; a checkpoint does not go back in time",
    run: async ({ open }) => {
      const outbox = await open();
      expect(await outbox.session({ change: "leave", session_id: "unknown", at: SAMPLE_TIME })).toEqual({
        state: "gone",
      });
      await outbox.session({ change: "open", session: session("s1") });
      await outbox.session({ change: "checkpoint", session_id: "s1", at: SAMPLE_TIME + 50 });
      await outbox.session({ change: "checkpoint", session_id: "s1", at: SAMPLE_TIME + 10 });
      expect(await outbox.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 60 })).toMatchObject(
        {
          session: { checkpoint_at: SAMPLE_TIME + 50 },
        },
      );
      expect(await outbox.outbox.claimSessions(), "an owner does not claim what it is in").toEqual([]);
    },
  },
  {
    name: "two outboxes are in one session: it ends when the last one leaves",
    needs: "several",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      const row = session("s1");
      await one.session({ change: "open", session: row });
      expect(
        await two.session({ change: "checkpoint", session_id: "s1", at: SAMPLE_TIME + 9 }),
        "not in it yet",
      ).toEqual({ state: "gone" });
      expect(await two.session({ change: "open", session: session("s2") })).toEqual({
        state: "joined",
        session: row,
      });
      expect(await one.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 1 })).toEqual({
        state: "kept",
      });
      expect(await one.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 1 })).toEqual({
        state: "gone",
      });
      expect(await two.outbox.claimSessions()).toEqual([]);
      expect(await two.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 2 })).toMatchObject({
        state: "ended",
      });
      expect(await one.outbox.claimSessions(), "its end is being recorded").toEqual([]);
      expect(await two.session({ change: "finish", session_id: "s1" })).toEqual({ state: "kept" });
    },
  },
  {
    name: "a closed outbox is in no session any more; one of the others takes it over",
    needs: "several",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      await one.session({ change: "open", session: session("s1") });
      await one.close();
      expect(await two.outbox.claimSessions()).toEqual([session("s1")]);
      expect(await two.outbox.claimSessions()).toEqual([]);
      expect(await two.session({ change: "leave", session_id: "s1", at: SAMPLE_TIME + 2 })).toMatchObject({
        state: "ended",
      });
      expect(await two.session({ change: "finish", session_id: "s1" })).toEqual({ state: "kept" });
    },
  },
  {
    name: "the sessions of a dead owner are taken over, each by one, also one whose end was not recorded yet",
    needs: "mortal",
    run: async ({ open, openMortal }) => {
      const [one, two, mortal] = [await open(), await open(), await openMortal()];
      await mortal.outbox.session({ change: "open", session: session("on", "a") });
      await mortal.outbox.session({ change: "open", session: session("ended", "b") });
      await mortal.outbox.session({ change: "leave", session_id: "ended", at: SAMPLE_TIME + 5 });
      await mortal.outbox.session({ change: "open", session: session("shared", "c") });
      await one.session({ change: "open", session: session("joins", "c") });
      expect(await one.outbox.claimSessions(), "its owner lives").toEqual([]);
      await mortal.kill();
      const [first, second] = await Promise.all([one.outbox.claimSessions(), two.outbox.claimSessions()]);
      const claimed = [...first, ...second].toSorted((a, b) => (a.session_id < b.session_id ? -1 : 1));
      expect(claimed).toEqual([{ ...session("ended", "b"), ended_at: SAMPLE_TIME + 5 }, session("on", "a")]);
      expect(
        await one.session({ change: "leave", session_id: "shared", at: SAMPLE_TIME + 9 }),
        "the dead one is not waited for",
      ).toMatchObject({ state: "ended" });
    },
  },
];

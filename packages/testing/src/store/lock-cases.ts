import { expect } from "../expect.ts";
import type { StoreCase } from "./store-case.ts";

export const lockCases: readonly StoreCase[] = [
  {
    name: "a lock is had by one until it is released; locks of other names are free",
    run: async ({ open }) => {
      const store = await open();
      expect(await store.isLocked("a")).toBe(false);
      const lock = await store.lock("a");
      expect(await lock?.isHeld()).toBe(true);
      expect(await store.isLocked("a")).toBe(true);
      expect(await store.isLocked("b")).toBe(false);
      expect(await store.lock("a"), "also for the same store").toBeUndefined();
      const other = await store.lock("b");
      expect(await other?.isHeld()).toBe(true);

      await lock?.release();
      expect(await lock?.isHeld()).toBe(false);
      expect(await store.isLocked("a")).toBe(false);
      expect(await store.isLocked("b")).toBe(true);
      const again = await store.lock("a");
      expect(await again?.isHeld()).toBe(true);
      expect(await lock?.isHeld(), "the one that was released stays so").toBe(false);
      await lock?.release();
      expect(await again?.isHeld(), "releasing twice takes nothing from the next").toBe(true);
      expect(await store.isLocked("a")).toBe(true);
    },
  },
  {
    name: "inside of a transaction one can ask who has a lock",
    run: async ({ open }) => {
      const store = await open();
      const lock = await store.lock("a");
      const answer = await store.transact(async (tx) => {
        tx.put("bodies", "before", "x");
        const [own, other] = [await store.isLocked("a"), await store.isLocked("b")];
        const isHeld = await lock?.isHeld();
        tx.put("bodies", "after", "x");
        return { own, other, isHeld };
      });
      expect(answer).toEqual({ own: true, other: false, isHeld: true });
      expect(await store.transact((tx) => tx.range("bodies", {})), "the transaction goes on").toHaveLength(2);
    },
  },
  {
    name: "stores at one place share their locks",
    needs: "durable",
    run: async ({ open }) => {
      const [one, two] = [await open(), await open()];
      const lock = await one.lock("a");
      expect(await two.isLocked("a")).toBe(true);
      expect(await two.lock("a")).toBeUndefined();
      await lock?.release();
      const [first, second] = await Promise.all([one.lock("a"), two.lock("a")]);
      expect([first, second].filter((taken) => taken !== undefined)).toHaveLength(1);
      expect(await one.isLocked("a")).toBe(true);
      expect(await two.isLocked("a")).toBe(true);
    },
  },
  {
    name: "closing a store releases its locks, and no others",
    needs: "durable",
    run: async ({ open, close }) => {
      const [one, two] = [await open(), await open()];
      await one.lock("a");
      await one.lock("b");
      const own = await two.lock("c");
      await close(one);
      expect(await two.isLocked("a")).toBe(false);
      expect(await two.isLocked("b")).toBe(false);
      expect(await own?.isHeld()).toBe(true);
      const lock = await two.lock("a");
      expect(await lock?.isHeld()).toBe(true);
    },
  },
  {
    name: "a lock that another process has is locked here, until that process ends",
    needs: "elsewhere",
    run: async ({ open, lockElsewhere }) => {
      const store = await open();
      const other = await lockElsewhere("a");
      expect(await store.isLocked("a")).toBe(true);
      expect(await store.lock("a")).toBeUndefined();
      expect(await store.isLocked("b")).toBe(false);
      const own = await store.lock("b");
      await other.kill();
      expect(await store.isLocked("a")).toBe(false);
      const lock = await store.lock("a");
      expect(await lock?.isHeld()).toBe(true);
      expect(await own?.isHeld()).toBe(true);
    },
  },
];

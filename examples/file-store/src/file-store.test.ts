import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logOutbox } from "@meter-lib/core/store";
import { outboxConformance, storeConformance } from "@meter-lib/testing";
import { expect, test } from "vitest";
import { fileStore } from "./file-store.ts";

const newFolder = () => {
  const path = mkdtempSync(join(tmpdir(), "file-store-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
};

storeConformance({
  name: "fileStore",
  durable: true,
  create: () => {
    const { path, remove } = newFolder();
    return { store: () => fileStore(path), dispose: remove };
  },
});

outboxConformance({
  name: "the log over fileStore",
  durable: true,
  create: (options) => {
    const { path, remove } = newFolder();
    const store = () => fileStore(path);
    return { outbox: () => logOutbox(store(), { ...options, bodies: "text" }), store, dispose: remove };
  },
});

test("a line that was not written to its end is no transaction", async () => {
  const { path, remove } = newFolder();
  const store = fileStore(path);
  await store.open();
  await store.transact((tx) => tx.put("bodies", "a", "whole"));
  await store.close();
  appendFileSync(join(path, "journal"), '[["bodies","b","\\"ha');
  await store.open();
  expect(await store.transact((tx) => tx.range("bodies", {}))).toEqual([["a", "whole"]]);
  await store.transact((tx) => tx.put("bodies", "c", "next"));
  await store.close();
  await store.open();
  expect(await store.transact((tx) => tx.range("bodies", {}))).toHaveLength(2);
  await store.close();
  remove();
});

test("a folder is one process's: another is refused until that one has ended", async () => {
  const { path, remove } = newFolder();
  // The process with the number 1 always lives.
  writeFileSync(join(path, "owner.4"), "1");
  const store = fileStore(path);
  expect(() => store.open()).toThrow("in use by process 1");
  const ended = "4194305";
  writeFileSync(join(path, "owner.4"), ended);
  await store.open();
  expect(readFileSync(join(path, "owner.5"), "utf8")).toBe(String(process.pid));
  await store.close();
  remove();
});

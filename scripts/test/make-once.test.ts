import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { onTestFinished, test } from "vitest";
import { makeOnce } from "./make-once.ts";

const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "meter-make-once-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

test("of several at once, one makes; the others go on when it is complete", async ({ expect }) => {
  const target = path.join(newFolder(), "cache", "jars");
  let made = 0;
  const use = async (): Promise<readonly string[]> => {
    await makeOnce(target, async (scratch) => {
      made++;
      mkdirSync(scratch);
      writeFileSync(path.join(scratch, "a.jar"), "");
      await turn();
      writeFileSync(path.join(scratch, "b.jar"), "");
    });
    return readdirSync(target);
  };
  expect(await Promise.all([use(), use(), use()])).toEqual(Array(3).fill(["a.jar", "b.jar"]));
  expect(made).toBe(1);
});

test("what failed half-way is not there, and the next one begins anew", async ({ expect }) => {
  const target = path.join(newFolder(), "archive");
  const failing = makeOnce(target, async (scratch) => {
    writeFileSync(scratch, "half");
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(existsSync(target)).toBe(false);
  let leftOver = true;
  await makeOnce(target, async (scratch) => {
    leftOver = existsSync(scratch);
    writeFileSync(scratch, "whole");
  });
  expect([leftOver, existsSync(target)]).toEqual([false, true]);
});

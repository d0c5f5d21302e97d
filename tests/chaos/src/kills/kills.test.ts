import { describe, expect, test } from "vitest";
import { type KillRunOptions, killRun } from "./kill-run.ts";
import { findings } from "./oracle.ts";
import type { Dialect } from "./receiver.ts";
import { emptyHistogram, type Histogram, PLACES } from "./where-it-fell.ts";

const total: Histogram = emptyHistogram();

describe("a writer that is killed again and again", () => {
  const run = async (receiver: KillRunOptions["receiver"], dialect: Dialect, seed: number): Promise<void> => {
    const { verdict, histogram, accounts } = await killRun({
      receiver,
      dialect,
      kills: 3,
      eventsPerLife: 400,
      seed,
    });
    expect(findings(verdict)).toEqual([]);
    expect(accounts).toMatchObject({ pending: 0, lost: 0, rejected: 0 });
    expect(verdict.durable).toBeGreaterThanOrEqual(400);
    if (receiver === "sandbox") expect(verdict.quarantined).toBe(0);
    for (const place of PLACES) {
      total[place].kills += histogram[place].kills;
      total[place].events += histogram[place].events;
    }
  };

  test.each([
    ["sandbox", "events", 1],
    ["sandbox", "kafka-rest", 2],
    ["plain", "events", 3],
    ["plain", "kafka-rest", 4],
  ] as const)("%s, %s: nothing lost, nothing counted twice", { timeout: 300_000 }, run);

  test("wherever it is killed", { timeout: 300_000 }, async () => {
    // Where a kill falls is chance: there are as many as it takes.
    for (let seed = 5; PLACES.some((place) => total[place].kills === 0); seed++)
      await run("plain", "kafka-rest", seed);
  });
});

describe("the judge notices a writer that is broken", () => {
  test.each([
    ["early-delete", "plain", "events", /\d+ lost:/],
    ["resend", "plain", "events", /\d+ counted twice:/],
    ["new-ids", "sandbox", "events", /never issued:/],
  ] as const)("%s", { timeout: 300_000 }, async (broken, receiver, dialect, finding) => {
    const { verdict } = await killRun({
      broken,
      receiver,
      dialect,
      kills: 2,
      eventsPerLife: 400,
      seed: 5,
    });
    expect(findings(verdict).join("\n")).toMatch(finding);
  });
});

import { describe, expect, test } from "vitest";
import { killRun } from "./kill-run.ts";
import { findings } from "./oracle.ts";
import { emptyHistogram, type Histogram, PLACES } from "./where-it-fell.ts";

const total: Histogram = emptyHistogram();

describe("a writer that is killed again and again", () => {
  test.each([
    ["sandbox", "events", 1],
    ["sandbox", "kafka-rest", 2],
    ["plain", "events", 3],
    ["plain", "kafka-rest", 4],
  ] as const)(
    "%s, %s: nothing lost, nothing counted twice",
    { timeout: 60_000 },
    async (receiver, dialect, seed) => {
      const { verdict, histogram, accounts } = await killRun({
        receiver,
        dialect,
        kills: 3,
        eventsPerLife: 800,
        longestLifeMs: 500,
        seed,
      });
      expect(findings(verdict)).toEqual([]);
      expect(accounts).toMatchObject({ pending: 0, lost: 0, rejected: 0 });
      expect(verdict.durable).toBeGreaterThan(800);
      if (receiver === "sandbox") expect(verdict.quarantined).toBe(0);
      for (const place of PLACES) {
        total[place].kills += histogram[place].kills;
        total[place].events += histogram[place].events;
      }
    },
  );

  test("the kills fell everywhere", () => {
    for (const place of PLACES) expect(total[place].kills, place).toBeGreaterThan(0);
  });
});

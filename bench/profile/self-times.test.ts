import { expect, test } from "vitest";
import { selfTimes } from "./self-times.ts";

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });

test("adds up what each function took itself, the slowest first, and leaves waiting out", () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(root)", "") },
      { id: 2, callFrame: frame("fast", "file:///a.ts") },
      { id: 3, callFrame: frame("slow", "file:///a.ts") },
      // The same function, called from elsewhere.
      { id: 4, callFrame: frame("slow", "file:///a.ts") },
      { id: 5, callFrame: frame("(idle)", "") },
    ],
    samples: [2, 3, 5, 4],
    timeDeltas: [10, 20, 1_000, 30],
  };
  expect(selfTimes(profile)).toEqual([
    { name: "slow", url: "file:///a.ts", line: 10, micros: 50 },
    { name: "fast", url: "file:///a.ts", line: 10, micros: 10 },
  ]);
});

test("says that something is no profile", () => {
  expect(() => selfTimes({ nodes: [] })).toThrow('a profile of V8 with "timeDeltas"');
});

import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bad, good, type Line, renderLine } from "./line.ts";
import { printJson, printLines } from "./print.ts";

const OBEYED = /[^\P{Cc}\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const foreign = fc.string({
  unit: fc.constantFrom("a", "é", "😀", "\u001b[2K", "\u009b31m", "\u007f", "\n", "\r", "\u202e", "\t"),
});

const collector = (coloured = false) => {
  const parts: string[] = [];
  const write = async (part: string) => void parts.push(part);
  return { output: { write, isTTY: false, columns: 80, coloured }, text: () => parts.join("") };
};

const written = async (lines: readonly Line[], coloured = false): Promise<string> => {
  const { output, text } = collector(coloured);
  await printLines(output, lines);
  return text();
};

test("a line stays one line, and nothing foreign in it reaches the terminal as more than text", async () => {
  await fc.assert(
    fc.asyncProperty(foreign, foreign, async (one, other) => {
      const lines: readonly Line[] = [one, ["reason: ", bad(other)], good(one)];
      const plain = await written(lines);
      expect(plain.split("\n")).toHaveLength(lines.length + 1);
      expect(plain.replaceAll("\n", "")).not.toMatch(OBEYED);
      // The only escape sequences are the styles of ours.
      expect(stripVTControlCharacters(await written(lines, true))).toBe(plain);
    }),
  );
  expect(renderLine(["not ", bad("good")], true)).toBe("not \u001b[31mgood\u001b[39m");
});

test("JSON says the same and holds nothing that a terminal obeys", async () => {
  await fc.assert(
    fc.asyncProperty(foreign, async (reason) => {
      const { output, text } = collector();
      await printJson(output, { reason });
      expect(JSON.parse(text())).toEqual({ reason });
      expect(text()).not.toMatch(/[^\P{Cc}\n]/u);
    }),
  );
});

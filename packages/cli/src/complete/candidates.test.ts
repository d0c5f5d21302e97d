import { describe, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { candidates } from "./candidates.ts";

const silent = { write: async () => {}, isTTY: false, columns: 80, coloured: false };
const io = { stdout: silent, stderr: silent, json: false, signal: new AbortController().signal };

const wordsFor = async (...words: readonly string[]) => {
  const found = candidates(await createProgram(words, async () => {}, io), words);
  return [...found.words.map(({ word }) => word), ...(found.files ? [":files"] : [])];
};

describe("list completions for the end of a line", () => {
  test.each([
    [["se"], ["send", "session"]],
    [["outbox", "re"], ["redrive"]],
    [["outbox", "list", "--st"], ["--state"]],
    [
      ["outbox", "list", "--state", ""],
      ["pending", "inflight", "rejected", "quarantined", "discarded"],
    ],
    [["outbox", "list", "--state", "q"], ["quarantined"]],
    [["outbox", "list", "--state", "rejected", ""], [":files"]],
    [["import", ""], [":files"]],
    [["import", "u.csv", ""], []],
    [["import", "u.csv", "--outbox", "x"], [":files"]],
    [["send", "--tenant", ""], []],
    [["catalog", "diff", "a.yaml", "b"], [":files"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["send", "--js"], ["--json"]],
    [["send", "--dry-run", "--dial"], ["--dialect"]],
  ])("%j: %j", async (words, expected) => {
    expect(await wordsFor(...words)).toEqual(expected);
  });

  test("the hidden command is not offered", async () => {
    expect(await wordsFor("")).toContain("completion");
    expect(await wordsFor("")).not.toContain("complete");
  });
});

import { describe, expect, test } from "vitest";
import { createProgram } from "../program.ts";
import { candidates } from "./candidates.ts";

const silent = { write: async () => {}, isTTY: false, columns: 80, coloured: false };
const program = createProgram(async () => {}, {
  stdout: silent,
  stderr: silent,
  json: false,
  signal: new AbortController().signal,
});

const wordsFor = (...words: readonly string[]) => {
  const found = candidates(program, words);
  return [...found.words.map(({ word }) => word), ...(found.files ? [":files"] : [])];
};

describe("what may stand at the end of a line", () => {
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
  ])("%j: %j", (words, expected) => {
    expect(wordsFor(...words)).toEqual(expected);
  });

  test("the hidden command is not offered", () => {
    expect(wordsFor("")).toContain("completion");
    expect(wordsFor("")).not.toContain("complete");
  });
});

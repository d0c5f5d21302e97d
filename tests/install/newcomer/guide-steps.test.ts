import { expect, test } from "vitest";
import { guideSteps } from "./guide-steps.ts";

const MARKDOWN = [
  "# Guide",
  "## First",
  "```sh",
  "npm init -y",
  "npm install a",
  "```",
  "text",
  "```ts file=a.mts",
  "run();",
  "```",
  "```sh background",
  "npx serve",
  "```",
  "```ts",
  "only shown();",
  "```",
  "## Second",
  "nothing",
].join("\n");

test("files, commands one by one, and what is left running", () => {
  expect(guideSteps(MARKDOWN, "First")).toEqual([
    { kind: "run", command: "npm init -y" },
    { kind: "run", command: "npm install a" },
    { kind: "file", name: "a.mts", text: "run();\n" },
    { kind: "start", command: "npx serve" },
  ]);
});

test.each(["Second", "Third"])("%s: nothing to do is a mistake", (title) => {
  expect(() => guideSteps(MARKDOWN, title)).toThrow(`chapter "${title}"`);
});

import { expect, test } from "vitest";
import { commandFault, documentedCommands } from "./documented-commands.ts";

const MARKDOWN = [
  "Run `pnpm api`, or:",
  "```sh",
  "npx -y pnpm@12.21.0 --silent bench regression",
  "pnpm --filter browser-chat start",
  "```",
  "pnpm installs before it runs a script.",
].join("\n");

test("commands in code, not words about pnpm", () => {
  expect(documentedCommands(MARKDOWN)).toEqual([
    { line: 1, filter: undefined, name: "api" },
    { line: 3, filter: undefined, name: "bench" },
    { line: 4, filter: "browser-chat", name: "start" },
  ]);
});

test.each([
  ["api", undefined, undefined],
  ["install", undefined, undefined],
  ["apis", undefined, "there is no script apis"],
  ["pipeline", undefined, "pnpm pipeline is a command of pnpm's own"],
  ["start", "browser-chat", undefined],
  ["begin", "browser-chat", "browser-chat has no script begin"],
  ["start", "chat", "chat has no script start"],
])("%s of %s", (name, filter, fault) => {
  const scripts = {
    workspace: new Set(["api", "pipeline"]),
    packages: new Map([["browser-chat", new Set(["start"])]]),
  };
  expect(commandFault({ line: 1, filter, name }, scripts)).toBe(fault);
});

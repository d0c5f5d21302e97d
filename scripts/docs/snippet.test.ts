import { expect, test } from "vitest";
import { snippetsOf } from "./snippet.ts";

test("each line of a snippet stands where it stands in the file", () => {
  const markdown = [
    "# Title",
    "```ts",
    "const a = 1;",
    "```",
    "text",
    "```sh",
    "ls",
    "```",
    "```ts run",
    "b();",
    "```",
  ];

  expect(snippetsOf(markdown.join("\n"))).toEqual([
    { line: 3, code: "\n\nconst a = 1;\nexport {};\n", runs: false },
    { line: 10, code: `${"\n".repeat(9)}b();\nexport {};\n`, runs: true },
  ]);
});

test("a block can continue the one before it", () => {
  const markdown = ["```ts run", "const a = 1;", "```", "and then", "```ts continue", "use(a);", "```"];

  expect(snippetsOf(markdown.join("\n"))).toEqual([
    { line: 2, code: "\nconst a = 1;\n\n\n\nuse(a);\nexport {};\n", runs: true },
  ]);
});

test("a block that the site compiles is left out", () => {
  expect(snippetsOf(["```ts twoslash [a.ts]", "wrong();", "```"].join("\n"))).toEqual([]);
});

test.each([
  ["```ts\nconst a = 1;", "line 1: the block has no end"],
  ["\n```ts tun\n```", 'line 2: "ts tun" is not known'],
  ["```ts continue\n```", "line 1: the block continues nothing"],
])("%j: %s", (markdown, message) => {
  expect(() => snippetsOf(markdown)).toThrow(message);
});

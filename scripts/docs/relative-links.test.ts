import { expect, test } from "vitest";
import { relativeLinks } from "./relative-links.ts";

test("links to files, with their lines", () => {
  const markdown = [
    "See [a](a.md) and [b](../b/c.ts#L3), or [the site](https://example.com/x).",
    "",
    "[below](#below) [mail](mailto:a@example.com) [folder](docs)",
  ];

  expect(relativeLinks(markdown.join("\n"))).toEqual([
    { line: 1, target: "a.md" },
    { line: 1, target: "../b/c.ts", anchor: "L3" },
    { line: 3, target: "", anchor: "below" },
    { line: 3, target: "docs" },
  ]);
});

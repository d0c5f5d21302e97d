import { expect, test } from "vitest";
import { headingAnchor, headingAnchors } from "./heading-anchor.ts";

test.each([
  ["Mount it", "mount-it"],
  ["`tenantTokens(options)`", "tenanttokensoptions"],
  ["Sessions: something that is on", "sessions-something-that-is-on"],
])("%s is #%s", (heading, anchor) => {
  expect(headingAnchor(heading)).toBe(anchor);
});

test("headings in code are none, a second one of the same name has a number", () => {
  const markdown = ["# Title", "## Once", "```sh", "# no heading", "```", "## Once"].join("\n");

  expect([...headingAnchors(markdown)]).toEqual(["title", "once", "once-1"]);
});

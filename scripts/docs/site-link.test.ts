import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { siteLink } from "./site-link.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each([
  ["docs/guide/faq.md", "testing.md", "/guide/testing.md"],
  ["docs/guide/relay.md", "../../packages/relay/README.md#once", "/packages/relay.md#once"],
  ["packages/react/README.md", "../relay", "/packages/relay.md"],
  [
    "docs/guide/faults.md",
    "../../tests/chaos/src/law/delivery-law.test.ts",
    "https://github.com/aiorch/meter-lib/blob/main/tests/chaos/src/law/delivery-law.test.ts",
  ],
  ["docs/guide/faq.md", "#below", "#below"],
  ["docs/guide/faq.md", "https://example.com/a", "https://example.com/a"],
])("in %s, %s is %s", (from, href, link) => {
  expect(siteLink(root, from, href)).toBe(link);
});

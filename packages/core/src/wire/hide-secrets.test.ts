import { expect, test } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";

const KEY = "sk+live/0123=";

test.each([
  ["the whole header", `you sent Bearer ${KEY}`, "you sent [hidden]"],
  ["without its scheme", `token ${KEY} unknown`, "token [hidden] unknown"],
  ["in a URL", `https://x/${encodeURIComponent(KEY)}`, "https://x/[hidden]"],
  [
    "the whole header in a URL",
    `https://x/?h=${encodeURIComponent(`Bearer ${KEY}`)}`,
    "https://x/?h=[hidden]",
  ],
  ["twice", `${KEY} ${KEY}`, "[hidden] [hidden]"],
])("a secret is hidden: %s", (_, text, hidden) => {
  expect(hideSecrets({ authorization: `Bearer ${KEY}`, "x-region": "region-1" })(text)).toBe(hidden);
});

test("what is no secret stays", () => {
  expect(hideSecrets({ "x-region": "region-1", "x-api-key": "short" })("region-1 short")).toBe(
    "region-1 short",
  );
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { startChromium } from "./chromium-browser.ts";
import { PAGE_CASES } from "./page-cases.ts";
import { openTrialGround, type TrialGround } from "./trial.ts";

const chromium = await findChromium();

describe.skipIf(chromium === undefined)(chromium === undefined ? NO_CHROMIUM : "the life of a page", () => {
  let ground: TrialGround;
  beforeAll(async () => {
    if (chromium !== undefined)
      ground = await openTrialGround((profile) => startChromium(chromium, profile), 300);
  });
  afterAll(() => ground.close());

  for (const pageCase of PAGE_CASES.filter(({ isLong }) => !isLong)) {
    test(`${pageCase.name}: nothing is lost, a repeat is the same`, async ({ skip }) => {
      const obstacle = ground.obstacleTo(pageCase);
      if (obstacle !== undefined) skip(obstacle);
      const result = await ground.run(pageCase, "meter-lib");
      expect(result).toMatchObject({ lost: 0, unequal: 0 });
      if (pageCase.isDeliveredAtOnce) expect(result).toMatchObject({ missingAtOnce: 0 });
    });
  }
});

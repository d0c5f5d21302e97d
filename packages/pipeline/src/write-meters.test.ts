import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METERS_FILE, metersSql } from "./write-meters.ts";

test("sql/03-meters.sql is what the catalog says; `pnpm usage-pipeline meters` writes it", () => {
  expect(readFileSync(METERS_FILE, "utf8")).toBe(metersSql());
});

test("every meter of the catalog is in it, a level as a level", () => {
  expect(metersSql()).toContain("'document.storage.size_gb', 'volume last'");
  expect(metersSql()).toContain("'chat.on.time_hours', 'performance sum'");
  expect(metersSql().match(/^ {2}'/gm)?.length).toBe(21);
});

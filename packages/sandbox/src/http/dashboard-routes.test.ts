import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox } from "../sandbox.ts";
import { dashboardRoutes } from "./dashboard-routes.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-dashboard-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("says how to build it, then serves it without a restart", async () => {
  const built = join(folder, "dist");
  const app = dashboardRoutes(built);
  expect(await (await app.request("/")).text()).toContain("pnpm --filter @meter-lib/sandbox dashboard");
  expect((await app.request("/assets/index.js")).status).toBe(404);

  await mkdir(join(built, "assets"), { recursive: true });
  await writeFile(join(built, "index.html"), "<title>built</title>");
  await writeFile(join(built, "assets/index.js"), "export {};");
  const page = await app.request("/");
  expect(await page.text()).toBe("<title>built</title>");
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect((await app.request("/assets/index.js")).headers.get("content-type")).toMatch(/^text\/javascript/);
});

test("serves nothing outside its folder", async () => {
  await mkdir(join(folder, "dist"));
  await writeFile(join(folder, "dist/index.html"), "");
  await writeFile(join(folder, "secret.txt"), "secret");
  const app = dashboardRoutes(join(folder, "dist"));
  for (const path of [
    "/assets/../../secret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
  ]) {
    const answer = await app.request(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain("secret");
  }
});

test("lets the page load from its own server only, and be framed by nobody", async () => {
  await using sandbox = await createSandbox();
  const { headers } = await fetch(sandbox.url);
  const policy = headers.get("content-security-policy");
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

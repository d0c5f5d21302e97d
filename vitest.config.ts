import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findChromium, NO_CHROMIUM } from "./scripts/find-chromium.ts";
import { SlowFirst } from "./scripts/test/slow-first.ts";

const BROWSER_TESTS = "packages/*/src/**/*.browser.test.ts";
/** They share one PostgreSQL. */
const POSTGRES_TESTS = "**/*.postgres.test.ts";
/** They change nothing outside of what they make: they share a process, and what it has imported. */
const CORE_TESTS = "packages/core/src/**/*.test.ts";

/** No more than cores: some tests start a broker or a browser, which need one themselves. */
const MAX_WORKERS = availableParallelism();

const chromium = await findChromium();
if (chromium === undefined) console.warn(NO_CHROMIUM);

export default defineConfig({
  // Tests import the packages' sources, so they need no build.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: [
            "packages/*/src/**/*.test.ts",
            "packages/sandbox/dashboard/src/**/*.test.ts",
            "scripts/**/*.test.ts",
            "bench/**/*.test.ts",
            "tests/**/*.test.ts",
            "examples/*/src/**/*.test.ts",
          ],
          exclude: [BROWSER_TESTS, POSTGRES_TESTS, CORE_TESTS, "**/node_modules/**"],
          // The hundreds of processes that tests start share what was compiled once: a start takes a third of the time.
          env: { NODE_COMPILE_CACHE: join(tmpdir(), "meter-lib-compiled") },
          // One of them has an export condition `source`, too, that Node would load its TypeScript by.
          server: { deps: { inline: [/[\\/]ai[\\/]dist[\\/]/, /@ai-sdk/, /eventsource-parser/] } },
        },
      },
      {
        extends: true,
        test: {
          name: "core",
          include: [CORE_TESTS],
          exclude: ["**/node_modules/**"],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "postgres",
          include: [POSTGRES_TESTS],
          exclude: ["**/node_modules/**"],
          globalSetup: "packages/outbox-postgres/test/postgres-setup.ts",
        },
      },
      ...(chromium === undefined
        ? []
        : [
            {
              extends: true as const,
              // What is bundled only when it is met reloads a page in the middle of its tests.
              optimizeDeps: {
                include: ["vitest > expect-type", "fast-check"],
                exclude: ["@noble/hashes", "valibot"],
              },
              test: {
                name: "chromium",
                include: [BROWSER_TESTS],
                browser: {
                  enabled: true,
                  headless: true,
                  screenshotFailures: false,
                  provider: playwright({
                    launchOptions: { executablePath: chromium.executablePath, args: [...chromium.args] },
                  }),
                  instances: [{ browser: "chromium" as const }],
                },
              },
            },
          ]),
    ],
    passWithNoTests: false,
    maxWorkers: MAX_WORKERS,
    sequence: { sequencer: SlowFirst },
    // The suites of @meter-lib/testing register with whatever is global.
    globals: true,
    // A busy machine is slow, not wrong: only a test that hangs runs into these.
    testTimeout: 180_000,
    // Before a first test, brokers are downloaded.
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
  },
});

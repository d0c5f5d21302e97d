import { defineConfig } from "vitest/config";

export default defineConfig({
  // Tests import the packages' sources, so they need no build.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "scripts/**/*.test.ts",
      "bench/**/*.test.ts",
      "faults/**/*.test.ts",
      "examples/*/src/**/*.test.ts",
    ],
    passWithNoTests: false,
  },
});

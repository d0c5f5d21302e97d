// Runs in a project that has the bundlers and the SDKs; writes a line of JSON.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import commonjs from "@rollup/plugin-commonjs";
import json from "@rollup/plugin-json";
import nodeResolve from "@rollup/plugin-node-resolve";
import terser from "@rollup/plugin-terser";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import webpack from "webpack";

const SUBJECTS = {
  "meter-lib, with a database": `import { createBrowserMeter as it } from "meter-lib/browser";`,
  "meter-lib, without": `import { createVolatileBrowserMeter as it } from "meter-lib/browser";`,
  OpenMeter: `import { OpenMeter as it } from "@openmeter/sdk";`,
  "schematic-js": `import { Schematic as it } from "@schematichq/schematic-js";`,
  Snowplow: `import { newTracker, trackStructEvent } from "@snowplow/browser-tracker"; const it = [newTracker, trackStructEvent];`,
  Segment: `import { AnalyticsBrowser as it } from "@segment/analytics-next";`,
  "posthog-js": `import it from "posthog-js";`,
};

const BUNDLERS = {
  esbuild: (entry, out) =>
    esbuild({
      entryPoints: [entry],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      platform: "browser",
      outfile: `${out}/main.js`,
      logLevel: "silent",
    }),
  rollup: async (entry, out) => {
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ browser: true, preferBuiltins: false }), commonjs(), json(), terser()],
      onLog: () => {},
    });
    await bundle.write({ dir: out, format: "es", inlineDynamicImports: true });
  },
  Vite: (entry, out) =>
    vite({
      configFile: false,
      logLevel: "silent",
      build: {
        outDir: out,
        emptyOutDir: true,
        rollupOptions: { input: entry, output: { codeSplitting: false } },
      },
    }),
  webpack: (entry, out) =>
    new Promise((done, fail) =>
      webpack(
        {
          mode: "production",
          entry,
          output: { path: out },
          plugins: [new webpack.optimize.LimitChunkCountPlugin({ maxChunks: 1 })],
        },
        (error, stats) => {
          if (error) fail(error);
          else if (stats.hasErrors()) fail(new Error(stats.toString({ all: false, errors: true })));
          else done();
        },
      ),
    ),
};

const scripts = (folder) =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFileSync(`${folder}/${name}`));

mkdirSync("entries", { recursive: true });
const rows = [];
for (const [subject, code] of Object.entries(SUBJECTS)) {
  const entry = resolve(`entries/${rows.length}.js`);
  writeFileSync(entry, `${code}\nglobalThis.it = it;\n`);
  const row = { "": subject };
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    const out = resolve("out");
    rmSync(out, { recursive: true, force: true });
    try {
      await bundle(entry, out);
      row[name] = scripts(out).reduce((sum, script) => sum + gzipSync(script, { level: 9 }).length, 0);
    } catch (error) {
      console.error(`${subject}, ${name}: ${error.message}`);
      row[name] = "does not bundle";
    }
  }
  rows.push(row);
}
console.log(`ROWS ${JSON.stringify(rows)}`);

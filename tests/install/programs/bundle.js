// Bundles the page with the bundler that is named: `node bundle.js vite`. With `none` it loads the package's own bundle.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";

const HTML =
  '<!doctype html><title>Not yet</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';

const bundlers = {
  none: async (folder) => {
    mkdirSync(folder);
    cpSync("node_modules/meter-lib/dist/browser.min.js", `${folder}/browser.min.js`);
    const page = readFileSync("page.js", "utf8").replace('"meter-lib/browser"', '"./browser.min.js"');
    writeFileSync(`${folder}/page.js`, page);
    writeFileSync(`${folder}/index.html`, HTML);
  },
  vite: async (outDir) => {
    cpSync("page.html", "index.html");
    await vite({ build: { outDir, target: "es2023", emptyOutDir: true }, logLevel: "warn" });
  },
  esbuild: async (outdir) => {
    await esbuild({
      entryPoints: ["page.js"],
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2023",
      outdir,
    });
    writeFileSync(`${outdir}/index.html`, HTML);
  },
  webpack: async (path) => {
    const stats = await new Promise((resolve, reject) =>
      webpack(
        {
          mode: "production",
          target: ["web", "es2023"],
          entry: "./page.js",
          output: { path: `${process.cwd()}/${path}`, filename: "page.js", module: true },
          experiments: { outputModule: true },
          performance: { hints: false },
        },
        (error, result) => (error ? reject(error) : resolve(result)),
      ),
    );
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
    writeFileSync(`${path}/index.html`, HTML);
  },
};

const [, , name] = process.argv;
await bundlers[name](`dist-${name}`);

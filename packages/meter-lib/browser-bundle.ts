import { build } from "esbuild";

const BROWSER_ENTRY = new URL("./src/browser.ts", import.meta.url).pathname;

/**
 * The browser entry, or `code` that imports from it as "meter-lib/browser", as one module.
 *
 * @param minify - @default true
 */
export const browserBundle = async (
  code = `export * from ${JSON.stringify(BROWSER_ENTRY)};`,
  minify = true,
) => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: new URL(".", import.meta.url).pathname },
    bundle: true,
    minify,
    format: "esm",
    target: "es2023",
    conditions: ["source"],
    alias: { "meter-lib/browser": BROWSER_ENTRY },
    write: false,
    metafile: true,
  });
  return { code: outputFiles.map(({ text }) => text).join(""), metafile };
};

// What the browser entry weighs, minified and gzipped: `node --conditions=source browser-size.ts`.
import { gzipSync } from "node:zlib";
import { browserBundle } from "./browser-bundle.ts";

const USES = {
  "without outbox": `export { createVolatileBrowserMeter } from "meter-lib/browser";`,
  "with outbox": `export { createBrowserMeter } from "meter-lib/browser";`,
};

/** Bytes of a bundle by what it uses, and of each source file before compression. */
export const measureBrowserSizes = () =>
  Promise.all(
    Object.entries(USES).map(async ([use, code]) => {
      const bundle = await browserBundle(code);
      const inputs = Object.values(bundle.metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
      const files = inputs.map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }));
      return {
        use,
        gzipped: gzipSync(bundle.code, { level: 9 }).length,
        minified: bundle.code.length,
        files,
      };
    }),
  );

if (import.meta.main) {
  for (const { use, gzipped, minified, files } of await measureBrowserSizes()) {
    console.log(`${use}: ${gzipped} B gzipped, ${minified} B minified, of which`);
    for (const { path, bytes } of files.sort((a, b) => b.bytes - a.bytes).slice(0, 15))
      console.log(`  ${String(bytes).padStart(6)}  ${path}`);
  }
}

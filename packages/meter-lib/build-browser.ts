// Writes dist/browser.min.js, which a page loads without a bundler.
import { writeFileSync } from "node:fs";
import { browserBundle } from "./browser-bundle.ts";

writeFileSync(new URL("./dist/browser.min.js", import.meta.url), (await browserBundle()).code);

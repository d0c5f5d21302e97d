// What the browser entry weighs, minified and gzipped: `node --conditions=source browser-size.ts`.
import { gzipSync } from "node:zlib";
import { browserBundle } from "./browser-bundle.ts";

const CORE = new URL("../core/src/", import.meta.url).pathname;
const part = (file: string, names: string) =>
  `export { ${names} } from ${JSON.stringify(`${CORE}${file}.ts`)};`;

const USES = {
  "without outbox": `export { createVolatileBrowserMeter } from "meter-lib/browser";`,
  "with outbox": `export { createBrowserMeter } from "meter-lib/browser";`,
};

/** What the engine behind `MeterClient` would weigh in a page, and the parts of it that a page uses. */
const ENGINE = {
  "MeterClient with a memory outbox": `export { MeterClient, memoryOutbox } from "@meter-lib/core";`,
  "of that, the delivery engine": part("delivery/delivery-engine", "DeliveryEngine"),
  "its dispatch of batches": part("delivery/dispatch", "Dispatch"),
  "its intake": part("delivery/intake", "Intake"),
  "its queue and pace of one destination": part("delivery/destination", "Destination"),
  "the check of an event": part("event/check-event", "createEventCheck"),
  sessions: part("client/session-registry", "SessionRegistry"),
  "the outbox over a store": part("log/log-outbox", "logOutbox"),
  "in a page, too: landing and leaving, the table of fates": part("delivery/fates", "landing, leaving"),
  "in a page, too: Breaker, with the delays": part("delivery/retry", "Breaker"),
  "in a page, too: what a batch says about its destination": part(
    "delivery/destination-result",
    "blamed, destinationResult",
  ),
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
  for (const [name, code] of Object.entries(ENGINE)) {
    const { length } = gzipSync((await browserBundle(code)).code, { level: 9 });
    console.log(`${String(length).padStart(6)} B gzipped  ${name}`);
  }
  for (const { use, gzipped, minified, files } of await measureBrowserSizes()) {
    console.log(`${use}: ${gzipped} B gzipped, ${minified} B minified, of which`);
    for (const { path, bytes } of files.sort((a, b) => b.bytes - a.bytes).slice(0, 15))
      console.log(`  ${String(bytes).padStart(6)}  ${path}`);
  }
}

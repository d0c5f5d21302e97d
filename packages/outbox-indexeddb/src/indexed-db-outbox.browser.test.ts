import { outboxConformance } from "@meter-lib/testing";
import { deleteDB } from "idb";
import { indexedDbOutbox } from "./indexed-db-outbox.ts";

let stores = 0;

/** The package as a page of its own has it: it dies when the frame is removed. */
const frameModule = async (): Promise<{
  readonly frame: HTMLIFrameElement;
  readonly indexedDbOutbox: typeof import("./indexed-db-outbox.ts").indexedDbOutbox;
}> => {
  const frame = document.createElement("iframe");
  document.body.append(frame);
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly indexedDbOutbox: typeof indexedDbOutbox;
  }>();
  Reflect.set(frame.contentWindow ?? {}, "loaded", resolve);
  const script = frame.contentDocument?.createElement("script");
  if (script === undefined) throw new Error("a frame without a document");
  script.type = "module";
  const url = new URL("./indexed-db-outbox.ts", import.meta.url);
  script.textContent = `import * as outbox from ${JSON.stringify(url.href)}; loaded(outbox);`;
  script.addEventListener("error", reject);
  frame.contentDocument?.body.append(script);
  return { frame, ...(await promise) };
};

outboxConformance({
  name: "indexedDbOutbox",
  durable: true,
  create: ({ limits }) => {
    const name = `conformance ${stores++}`;
    const options = { name, ...(limits === undefined ? {} : { limits }) };
    return {
      outbox: () => indexedDbOutbox(options),
      mortal: async () => {
        const { frame, indexedDbOutbox } = await frameModule();
        return { outbox: indexedDbOutbox(options), kill: () => frame.remove() };
      },
      dispose: () => deleteDB(name),
    };
  },
});

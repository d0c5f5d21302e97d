import { storeConformance } from "@meter-lib/testing";
import { deleteDatabase } from "../../test/delete-database.ts";
import { openInFrame } from "../../test/open-in-frame.ts";
import { indexedDbStore } from "./indexed-db-store.ts";

const SETTINGS = { openTimeoutMs: 5_000, leaseMs: 90_000 };
let places = 0;

const create = () => {
  const options = { name: `store ${places++}`, ...SETTINGS };
  return {
    store: () => indexedDbStore(options),
    lockElsewhere: async (name: string) => {
      const { frame, indexedDbStore } = await openInFrame();
      const store = indexedDbStore(options);
      await store.open();
      await store.lock(name);
      return { kill: () => frame.remove() };
    },
    dispose: () => deleteDatabase(options.name),
  };
};

storeConformance({ name: "indexedDbStore", durable: true, create });

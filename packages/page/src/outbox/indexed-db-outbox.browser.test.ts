import { logOutbox } from "@meter-lib/core/store";
import { outboxConformance } from "@meter-lib/testing";
import { deleteDatabase } from "../../test/delete-database.ts";
import { openInFrame } from "../../test/open-in-frame.ts";
import { indexedDbStore } from "./indexed-db-store.ts";

let places = 0;

outboxConformance({
  name: "the log over indexedDbStore",
  durable: true,
  create: (options) => {
    const settings = { name: `outbox ${places++}`, openTimeoutMs: 5_000, leaseMs: 90_000 };
    const store = () => indexedDbStore(settings);
    return {
      store,
      outbox: () => logOutbox(store(), { ...options, bodies: "text" }),
      mortal: async () => {
        const { frame, indexedDbStore, logOutbox } = await openInFrame();
        return {
          outbox: logOutbox(indexedDbStore(settings), { ...options, bodies: "text" }),
          kill: () => frame.remove(),
        };
      },
      dispose: () => deleteDatabase(settings.name),
    };
  },
});

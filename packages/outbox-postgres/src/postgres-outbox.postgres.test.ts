import { logOutbox, logView } from "@meter-lib/core/store";
import { outboxConformance } from "@meter-lib/testing";
import { schemaPlace } from "../test/schema-place.ts";
import { postgresStore } from "./postgres-store.ts";

outboxConformance({
  name: "the log over postgresStore",
  durable: true,
  create: async (options) => {
    const place = await schemaPlace();
    const log = { ...options, bodies: "text" as const };
    return {
      store: () => postgresStore(place.store),
      view: () => logView(postgresStore({ ...place.store, isView: true }), log),
      outbox: () => logOutbox(postgresStore(place.store), log),
      mortal: () => {
        const { store, kill } = place.mortal();
        return { outbox: logOutbox(postgresStore(store), log), kill };
      },
      dispose: place.dispose,
    };
  },
});

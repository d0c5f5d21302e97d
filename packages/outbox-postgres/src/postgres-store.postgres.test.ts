import { storeConformance } from "@meter-lib/testing";
import { schemaPlace } from "../test/schema-place.ts";
import { postgresStore } from "./postgres-store.ts";

storeConformance({
  name: "postgresStore",
  durable: true,
  create: async () => {
    const place = await schemaPlace();
    return {
      store: () => postgresStore(place.store),
      lockElsewhere: async (name) => {
        const { store, kill } = place.mortal();
        const other = postgresStore(store);
        await other.open();
        await other.lock(name);
        return { kill };
      },
      dispose: place.dispose,
    };
  },
});

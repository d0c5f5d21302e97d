import { outboxConformance } from "@meter-lib/testing";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { outboxOverChannel } from "../test/outbox-over-channel.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutboxView } from "./outbox-view.ts";
import { sqliteStore } from "./sqlite-store.ts";

outboxConformance({
  name: "sqliteOutbox",
  durable: true,
  create: (options) => {
    const place = storeFolder();
    const store = { path: place.path, busyTimeoutMs: 10_000 };
    const log = { ...options, bodies: "text" as const };
    const mortals: ReturnType<typeof outboxInProcess>[] = [];
    return {
      store: () => sqliteStore(store),
      view: () => sqliteOutboxView(place.path),
      outbox: () => outboxOverChannel({ store, log }),
      mortal: () => {
        const mortal = outboxInProcess(place.path, log);
        mortals.push(mortal);
        return mortal;
      },
      dispose: async () => {
        for (const { kill } of mortals) await kill();
        place[Symbol.dispose]();
      },
    };
  },
});

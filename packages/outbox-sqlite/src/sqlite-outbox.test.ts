import { outboxConformance } from "@meter-lib/testing";
import { channelStore } from "../test/channel-store.ts";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { storeFolder } from "../test/store-folder.ts";
import { outboxOn } from "./sqlite-outbox.ts";
import { storeOptions } from "./sqlite-outbox-options.ts";

outboxConformance({
  name: "sqliteOutbox",
  durable: true,
  create: ({ limits = {} }) => {
    const place = storeFolder();
    const mortals: ReturnType<typeof outboxInProcess>[] = [];
    return {
      outbox: () => outboxOn(storeOptions({ path: place.path, limits }), channelStore),
      mortal: () => {
        const mortal = outboxInProcess(place.path);
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

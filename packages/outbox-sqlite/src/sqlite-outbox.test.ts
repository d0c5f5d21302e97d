import { outboxConformance } from "@meter-lib/testing";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

for (const thread of ["worker", "main"] as const) {
  outboxConformance({
    name: `sqliteOutbox, store in the ${thread} thread`,
    durable: true,
    create: ({ limits }) => {
      const place = storeFolder();
      const mortals: ReturnType<typeof outboxInProcess>[] = [];
      return {
        outbox: () => sqliteOutbox({ path: place.path, thread, ...(limits === undefined ? {} : { limits }) }),
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
}

import type { MeterClient } from "../src/index.ts";

/** Resolves when a client has delivered this many more events. */
export const acknowledged = (client: MeterClient, count: number): Promise<void> =>
  new Promise((resolve) => {
    let left = count;
    client.on("acknowledged", () => {
      left--;
      if (left === 0) resolve();
    });
  });

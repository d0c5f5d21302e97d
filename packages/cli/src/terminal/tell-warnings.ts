import type { Catalog, MeterClient } from "@meter-lib/core";
import type { Io } from "./io.ts";
import { printWarning } from "./print.ts";

/** Prints warnings of a client. Refused events are in results, which commands print themselves. */
export const tellWarnings = (client: Pick<MeterClient<Catalog>, "on">, { stderr }: Io): void => {
  client.on("refused", () => {});
  client.on("warning", ({ message }) => {
    void printWarning(stderr, message);
  });
  client.on("volatile", ({ error }) => {
    void printWarning(stderr, `the outbox stores no events, so they are kept in memory: ${String(error)}`);
  });
};

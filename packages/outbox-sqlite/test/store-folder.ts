import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder of its own; `using` removes it. */
export const storeFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "meter-outbox-"));
  return {
    folder,
    path: join(folder, "outbox.db"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};

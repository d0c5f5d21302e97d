import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

export const temporaryFolder = async (): Promise<{ readonly path: string } & AsyncDisposable> => {
  const folder = await mkdtemp(path.join(tmpdir(), "meter-kafka-"));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
};

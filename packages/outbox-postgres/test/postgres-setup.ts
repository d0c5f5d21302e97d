import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the one server that all tests of the project share. */
    readonly postgresUrl: string;
  }
}

export default async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startPostgres();
  project.provide("postgresUrl", server.url);
  return server.remove;
};

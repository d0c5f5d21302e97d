import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { whyNoJava } from "../../transport-kafka/test/java-home.ts";
import { whyNoPostgres } from "./postgres.ts";

const run = promisify(execFile);
const PROVE = fileURLToPath(new URL("prove.ts", import.meta.url));
const TEST_MS = 600_000;

const missing = (await whyNoJava()) ?? whyNoPostgres();
if (missing !== undefined) console.warn(`the pipeline's proof skipped: ${missing}`);

test.skipIf(missing !== undefined)(
  `writers, broker and job killed: usage is exact${missing ? ` (${missing})` : ""}`,
  async () => {
    const { stdout } = await run(process.execPath, ["--conditions=source", PROVE, "--events", "6000"]);
    expect(stdout).toMatch(/\nexact\n/);
    expect(stdout).toMatch(/events recorded +6000\n +events counted +6000\n/);
  },
  TEST_MS,
);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

test("the service starts, meters a request, and ends by the signal", async () => {
  const child = spawn(process.execPath, ["--conditions=source", MAIN], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let service: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    service = /^Service: (\S+)$/.exec(line)?.[1];
    if (service !== undefined) break;
  }

  const response = await fetch(`${service}/thumbnails`, {
    method: "POST",
    headers: { "x-tenant-id": "tenant_123" },
  });
  child.kill("SIGTERM");

  expect(response.status).toBe(201);
  expect(await ended).toEqual([null, "SIGTERM"]);
});

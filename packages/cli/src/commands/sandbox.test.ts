import { chmod, readFile, watch as watching } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { meter, startMeter } from "../testing/meter-process.ts";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

describe.concurrent("meter sandbox", { timeout: 240_000 }, () => {
  test.each(["SIGINT", "SIGTERM"] as const)("prints its URL, serves, and ends at %s", async (signal) => {
    const run = startMeter(["sandbox", "--tenant", "a=cust_a", "--tenant", "b=cust_b", "--api-key", "KEY"]);
    const url = (await run.firstLine) ?? "";
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const env = { METER_LIB_BASE_URL: url, METER_LIB_API_KEY: "KEY" };
    const event = ["--tenant", "b", "--device", "d", "--meter", "page.processed.basic", "--usage", "1"];
    expect(await meter(["send", ...event], { env })).toMatchObject({ exit: 0 });
    run.child.kill(signal);
    expect(await run.ended).toMatchObject({ exit: 0, stderr: "" });
  });

  test("--host lets others in, with a token in the URL that every command takes", async () => {
    const run = startMeter(["sandbox", "--host", "0.0.0.0", "--tenant", "a=cust_a"]);
    const url = (await run.firstLine) ?? "";
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/);
    expect((await fetch(`${new URL(url).origin}/sandbox/v1/usage`)).status).toBe(401);
    const env = { METER_LIB_BASE_URL: url };
    const event = ["--tenant", "a", "--device", "d", "--meter", "page.processed.basic", "--usage", "1"];
    expect(await meter(["send", ...event], { env })).toMatchObject({ exit: 0 });
    const tail = await meter(["tail", "--since", "0", "--count", "1", "--json"], { env });
    expect(JSON.parse(tail.stdout)).toMatchObject({ state: "accepted" });
    expect(await meter(["doctor", "--tenant", "a", "--send"], { env })).toMatchObject({ exit: 0 });
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 0 });
  });

  test.skipIf(process.platform === "win32")("--open calls the system's opener with the URL", async () => {
    await using folder = await TempFolder.create();
    const seen = join(folder.path, "seen.txt");
    for (const name of ["xdg-open", "open"]) {
      const path = await folder.file(
        name,
        `#!/bin/sh\nprintf %s "$1" > "${seen}.part" && mv "${seen}.part" "${seen}"\n`,
      );
      await chmod(path, 0o755);
    }
    const watch = new AbortController();
    const written = (async () => {
      for await (const { filename } of watching(folder.path, { signal: watch.signal }))
        if (filename === "seen.txt") return;
    })();
    const run = startMeter(["sandbox", "--open"], { env: { PATH: `${folder.path}:${process.env.PATH}` } });
    const url = await run.firstLine;
    await written;
    expect(await readFile(seen, "utf8")).toBe(url);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 0, stderr: "" });
  });

  test("without a program that opens a browser, --open says so and goes on", async () => {
    await using folder = await TempFolder.create();
    const run = startMeter(["sandbox", "--open"], { env: { PATH: folder.path } });
    const url = await run.firstLine;
    await run.errorText(`no browser found; open ${url}`);
    expect((await fetch(`${url}/sandbox/v1/health`)).status).toBe(200);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 0 });
  });

  test("--outbox shows the app's outbox as soon as there is one", async () => {
    await using folder = await TempFolder.create();
    const path = join(folder.path, "outbox.db");
    const run = startMeter(["sandbox", "--tenant", "a=cust_a", "--outbox", path]);
    const url = (await run.firstLine) ?? "";
    const listed = async (): Promise<unknown> => (await fetch(`${url}/sandbox/v1/outboxes`)).json();
    expect(await listed()).toMatchObject({
      outboxes: [{ problem: expect.stringContaining("no such file yet") }],
    });
    const event = ["--tenant", "a", "--device", "d", "--meter", "page.processed.basic", "--usage", "1"];
    expect(await runHere(["send", ...event, "--record", path, "--base-url", url])).toMatchObject({ exit: 0 });
    expect(await listed()).toMatchObject({ outboxes: [{ name: path, accounts: { acknowledged: 1 } }] });
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ exit: 0, stderr: "" });
  });

  test("a port in use is named", async () => {
    const run = startMeter(["sandbox"]);
    const { port } = new URL((await run.firstLine) ?? "");
    const second = await runHere(["sandbox", "--port", port]);
    run.child.kill("SIGINT");
    await run.ended;
    expect(second.exit).toBe(2);
    expect(second.stderr).toContain(`--port: expected a free port, got ${port}`);
  });
});

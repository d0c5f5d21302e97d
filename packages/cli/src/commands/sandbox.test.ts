import { describe, expect, test } from "vitest";
import { meter, startMeter } from "../testing/meter-process.ts";

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

  test("a port in use is named", async () => {
    const run = startMeter(["sandbox"]);
    const { port } = new URL((await run.firstLine) ?? "");
    const second = await meter(["sandbox", "--port", port]);
    run.child.kill("SIGINT");
    await run.ended;
    expect(second.exit).toBe(2);
    expect(second.stderr).toContain(`--port: expected a free port, got ${port}`);
  });
});

// Builds the application, posts a page's batch to the route that it serves, and sends a deployment's signal while a request is in flight.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const next = new URL("../node_modules/next/dist/bin/next", import.meta.url).pathname;
const built = spawnSync(process.execPath, [next, "build"], { env, encoding: "utf8" });
if (built.status !== 0) throw new Error(`${built.stdout}${built.stderr}`);

const postBatch = async (url) => {
  const response = await fetch(`${url}/meter`, {
    method: "POST",
    headers: { origin: "https://app.example.com", "content-type": "text/plain" },
    body: JSON.stringify({
      sent_at: Date.now(),
      events: [{ event_id: "e1", meter_id: "page.processed.basic", event_time: Date.now(), total_usage: 3 }],
    }),
  });
  const { results } = await response.json();
  if (results?.[0]?.state !== "accepted")
    throw new Error(JSON.stringify({ status: response.status, results }));
};

const server = spawn(process.execPath, [next, "start", "--port", "0"], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = once(server, "close");
try {
  const printed = [];
  let scanned;
  for await (const line of createInterface({ input: server.stdout })) {
    printed.push(line);
    const url = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (url !== undefined && scanned === undefined) {
      await postBatch(url);
      scanned = fetch(`${url}/scan`, { method: "POST" }).then((response) => response.text());
    }
    if (line === "in flight") server.kill();
  }
  if ((await scanned) !== "scanned" || !printed.includes("delivered 1")) throw new Error(printed.join("\n"));
  console.log("ok");
} finally {
  server.kill();
  await ended;
}

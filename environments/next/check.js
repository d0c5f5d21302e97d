// Builds the application and posts a page's batch to the route that it serves.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
const next = new URL("../node_modules/next/dist/bin/next", import.meta.url).pathname;
const built = spawnSync(process.execPath, [next, "build"], { env, encoding: "utf8" });
if (built.status !== 0) throw new Error(`${built.stdout}${built.stderr}`);

const server = spawn(process.execPath, [next, "start", "--port", "0"], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  let printed = "";
  let url;
  for await (const chunk of server.stdout) {
    printed += chunk;
    url = /http:\/\/localhost:\d+/.exec(printed)?.[0];
    if (url !== undefined) break;
  }
  if (url === undefined) throw new Error(printed);
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
  console.log("ok");
} finally {
  server.kill();
  await once(server, "close");
}

// A receiver that closes a kept connection when the next request arrives on it, as one that restarts does. It has read that request, so a
// runtime that posts it again by itself has it counted twice.
import { createServer } from "node:net";
import process from "node:process";
import { fetchTransport } from "@meter-lib/transport-fetch";

const arrivals = new Map();
const server = createServer((socket) => {
  socket.on("error", () => {});
  let text = "";
  let answered = false;
  socket.on("data", (bytes) => {
    text += bytes;
    const head = text.indexOf("\r\n\r\n");
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    if (head === -1 || text.length < head + 4 + length) return;
    const { total_usage } = JSON.parse(text.slice(head + 4));
    arrivals.set(total_usage, (arrivals.get(total_usage) ?? 0) + 1);
    text = "";
    if (answered) socket.end();
    else socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
    answered = true;
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const transport = fetchTransport({ baseUrl: `http://127.0.0.1:${server.address().port}` });
for (let total_usage = 1; total_usage <= 6; total_usage++) {
  const event = {
    event_id: `event_${total_usage}`,
    tenant_id: "tenant_123",
    device_id: "device_1",
    customer_id: "cust_001",
    meter_id: "page.processed.basic",
    event_time: Date.now(),
    total_usage,
  };
  const deadline = Date.now() + 5_000;
  await transport.send({ events: [event] }, { signal: AbortSignal.timeout(5_000), deadline });
}

const counts = [...arrivals.values()];
if (counts.length !== 6 || counts.some((count) => count !== 1))
  throw new Error(`6 events once each, but they arrived so often: ${counts.join(", ")}`);
console.log("ok");
process.exit(0);

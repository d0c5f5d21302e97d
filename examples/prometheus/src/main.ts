// Runs a backend, a service and a relay for the `prometheus.yml` beside this folder to scrape.
import { setTimeout as wait } from "node:timers/promises";
import { startObservedService } from "./observed-service.ts";

const running = await startObservedService({ sandbox: 8099, service: 9464, relay: 9465 });
console.log(`Dashboard  ${running.sandbox.url}`);
console.log(`Metrics    ${running.sandbox.url}/metrics`);
console.log(`           ${running.service.metricsUrl}`);
console.log(`           ${running.relay.metricsUrl}`);
console.log("Scrape     prometheus --config.file=prometheus.yml --storage.tsdb.path=/tmp/meter-prometheus");

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
while (!stop.signal.aborted) {
  await running.use();
  await wait(500, undefined, { signal: stop.signal }).catch(() => undefined);
}
await running.close();

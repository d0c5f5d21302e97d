import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { createMeterClient, type MeterClient } from "meter-lib";
import { instrumentMeterClient } from "meter-lib/opentelemetry";

/** A client, and where a Prometheus finds its metrics. */
export interface ObservedClient {
  readonly client: MeterClient;
  readonly metricsUrl: string;
  close(): Promise<void>;
}

/** A client whose metrics are served at `/metrics` of a port. */
export const observedClient = async (
  baseUrl: string,
  device_id: string,
  port: number,
): Promise<ObservedClient> => {
  const exporter = new PrometheusExporter({ host: "127.0.0.1", port, preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  await exporter.startServer();
  const client = createMeterClient({ baseUrl, defaults: { tenant_id: "tenant_123", device_id } });
  const stop = instrumentMeterClient(client, { meterProvider });
  return {
    client,
    metricsUrl: `http://127.0.0.1:${port}/metrics`,
    close: async () => {
      await client.close();
      stop();
      await meterProvider.shutdown();
    },
  };
};

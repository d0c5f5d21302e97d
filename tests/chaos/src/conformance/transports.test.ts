import { once } from "node:events";
import { createServer } from "node:http";
import { memoryTransport, type Transport } from "@meter-lib/core";
import { fallback, route } from "@meter-lib/core/compose";
import { createSandbox } from "@meter-lib/sandbox";
import { type TransportUnderTest, transportConformance } from "@meter-lib/testing";
import { faultBackend } from "@meter-lib/testing/fault-backend";
import { type FetchTransportOptions, fetchTransport } from "@meter-lib/transport-fetch";
import { ALWAYS_DEDUP } from "../../../../packages/core/test/engine-rig.ts";

const TENANTS = { "tenant-1": "customer-1", "tenant-2": "customer-2" };

for (const dedup of [false, ALWAYS_DEDUP] as const) {
  transportConformance({
    name: `memoryTransport, dedup ${dedup !== false}`,
    create: () => {
      const transport = memoryTransport({ dedup });
      return {
        transport,
        counted: () => transport.events.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`),
        fallSilent: () => {
          transport.pause();
        },
        dispose: () => {},
      };
    },
  });
}

const sandboxed = async (options: Partial<FetchTransportOptions>): Promise<TransportUnderTest> => {
  const sandbox = await createSandbox({ tenants: TENANTS });
  return {
    transport: fetchTransport({ baseUrl: sandbox.url, dedup: ALWAYS_DEDUP, ...options }),
    counted: async () => {
      const answer = await fetch(`${sandbox.url}/sandbox/v1/events?state=accepted&limit=1000`);
      const { events }: { events: readonly { tenant_id: string; event_id: string }[] } = JSON.parse(
        await answer.text(),
      );
      return events.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`);
    },
    goAway: () => sandbox.close(),
    dispose: () => sandbox.close(),
  };
};

const faulty = async (dialect: "events" | "kafka-rest", wrap: (inner: Transport) => Transport) => {
  const backend = await faultBackend({ dedup: false });
  return {
    transport: wrap(fetchTransport({ baseUrl: backend.url, dialect })),
    counted: () => backend.counted.map(({ tenant_id, event_id }) => `${tenant_id} ${event_id}`),
    goAway: () => backend.close(),
    fallSilent: () => backend.always({ kind: "silence", counts: false }),
    dispose: () => backend.close(),
  };
};

for (const dialect of ["events", "kafka-rest"] as const) {
  transportConformance({
    name: `fetchTransport, ${dialect}, against the sandbox`,
    create: () => sandboxed({ dialect }),
  });
  transportConformance({
    name: `fetchTransport, ${dialect}, without dedup`,
    create: () => faulty(dialect, (inner) => inner),
  });
  transportConformance({
    name: `route to fetchTransport, ${dialect}`,
    create: () => faulty(dialect, (inner) => route(() => inner)),
  });
  transportConformance({
    name: `fallback from a dead end to fetchTransport, ${dialect}`,
    create: async () => {
      const nobody = createServer().listen(0, "127.0.0.1");
      await once(nobody, "listening");
      const address = nobody.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      await new Promise((resolve) => nobody.close(resolve));
      const deadEnd = fetchTransport({ baseUrl: `http://127.0.0.1:${port}`, dialect });
      return faulty(dialect, (inner) => fallback([deadEnd, inner]));
    },
  });
}

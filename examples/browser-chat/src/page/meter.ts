import { createBrowserMeter } from "meter-lib/browser";

/** Made once for the page; all tabs share its events and its sessions. */
export const meter = createBrowserMeter({
  relayUrl: "/meter",
  tenant_id: "tenant_123",
  token: async () => (await fetch("/api/token")).text(),
  delivery: { lingerMs: 200 },
  sessions: { checkpointMs: 1_000, resumeWithinMs: 5_000 },
});

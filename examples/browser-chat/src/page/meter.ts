import { createBrowserMeter } from "meter-lib/browser";

/** Made once for the page; all tabs share its events and its sessions. */
export const meter = createBrowserMeter({
  relayUrl: "/meter",
  tenant_id: "tenant_123",
  subject: "user_7",
  token: async () => (await fetch("/api/token")).text(),
  delivery: { lingerMs: 200 },
  sessions: { checkpointMs: 1_000, resumeWithinMs: 60_000 },
});

// The hooks then know the meters of this client.
declare module "@meter-lib/react" {
  interface Register {
    readonly client: typeof meter;
  }
}

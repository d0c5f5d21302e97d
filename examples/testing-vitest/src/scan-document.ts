import type { LitewaveCatalog, MeterClient } from "meter-lib";

/** Code that meters: scans a document and tells how many pages it had. It is given its client, so a test can give another. */
export const scanDocument = async (
  client: MeterClient<LitewaveCatalog, "device_id">,
  tenant_id: string,
  pages: readonly string[],
): Promise<"metered" | "not metered"> => {
  const result = await client.post({
    tenant_id,
    meter_id: "page.processed.basic",
    total_usage: pages.length,
  });
  return result.ok ? "metered" : "not metered";
};

// "Quickstart" of the usage guide.
import { type BackendAnswer, postMeterUsage } from "meter-lib";
import { guideCatalog } from "./guide-catalog.ts";

const tenant_id = "tenant_123";
const device_id = "us-east-ing1";
const meter_id = "document.basic.page";

export const quickstart = (): Promise<BackendAnswer | null> =>
  postMeterUsage(
    {
      tenant_id,
      device_id,
      meter_id,
      total_usage: 24, // integer units as defined by your meter
    },
    { catalog: guideCatalog },
  );

/** Word for word, with the built-in meters: the compiler refuses it, and so does the run time. */
export const quickstartAsWritten = (): Promise<BackendAnswer | null> =>
  // @ts-expect-error: Type '"document.basic.page"' is not assignable to the 18 ids of the guide's list
  postMeterUsage({ tenant_id, device_id, meter_id, total_usage: 24 });

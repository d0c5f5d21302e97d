// "For AI disabled" of the usage guide.
import { type BackendAnswer, postMeterUsage } from "meter-lib";

const tenant_id = "tenant_123";
const device_id = "us-east-ing1";
const meter_id = "chat.on.time_hours";
const end_time = 1779799552000; // Timestamp in milliseconds

export const aiDisabled = (): Promise<BackendAnswer | null> =>
  postMeterUsage({ tenant_id, device_id, meter_id, end_time });

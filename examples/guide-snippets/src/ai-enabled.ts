// "For AI enabled" of the usage guide.
import { type BackendAnswer, postMeterUsage } from "meter-lib";

const tenant_id = "tenant_123";
const device_id = "us-east-ing1";
const meter_id = "chat.on.time_hours";
const start_time = 1759791552000; // Timestamp in milliseconds

export const aiEnabled = (): Promise<BackendAnswer | null> =>
  postMeterUsage({ tenant_id, device_id, meter_id, start_time });

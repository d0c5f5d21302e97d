// The backend's process: [FILE]. Told to count, it says how many events it has.
import { createSandbox } from "@meter-lib/sandbox";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { usage } from "../throughput/contestants/usage.ts";

const [file] = process.argv.slice(2);
const tenants = { [usage(0).tenant_id]: "cust_001" };
const sandbox = await createSandbox(file === undefined ? { tenants } : { tenants, file });
process.on("message", () => {
  const counted = sandbox.usage().reduce((sum, { events }) => sum + events, 0);
  void tellParent({ counted });
});
endWithParent();
await tellParent({ url: sandbox.url });

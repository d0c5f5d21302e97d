// The backend's process: STORE. Told to count, it says how many events it has.
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { endWithParent, tellParent } from "../harness/parent.ts";
import { usage } from "../throughput/contestants/usage.ts";

const [store] = process.argv.slice(2);
const tenants = { [usage(0).tenant_id]: "cust_001" };
const sandbox = await createSandbox(
  store === "file" ? { tenants, file: join(tmpdir(), "sandbox.db") } : { tenants },
);
process.on("message", () => {
  const counted = sandbox.usage().reduce((sum, { events }) => sum + events, 0);
  void tellParent({ counted });
});
endWithParent();
await tellParent({ url: sandbox.url });

import { TrackParams$outboundSchema } from "autumn-js";
import { type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

export interface AutumnServer extends Receiver {
  /** What it counted. */
  readonly tracked: readonly unknown[];
  /** The idempotency keys that it has. */
  readonly keys: readonly string[];
}

export interface AutumnServerOptions {
  readonly apiKey?: string;
  /** @default all */
  readonly features?: readonly string[];
}

const error = (status: number, code: string, message: string): Reply => ({ status, body: { message, code } });

/**
 * Autumn's `balances.track` (useautumn/autumn, 187c0a7, packages/openapi/openapi.yml), with its claim on an idempotency key
 * (server/src/internal/misc/idempotency). Bodies are checked with the schema of Autumn's own SDK.
 */
export const autumnServer = async ({
  apiKey = "am_sk_test_123",
  features,
}: AutumnServerOptions = {}): Promise<AutumnServer> => {
  const tracked: unknown[] = [];
  const keys = new Set<string>();

  const take = ({ method, path, headers, body }: Received): Reply => {
    if (headers.authorization !== `Bearer ${apiKey}`)
      return error(401, "invalid_secret_key", "Invalid secret key");
    if (method !== "POST" || path !== "/v1/balances.track") return { status: 404, body: "404 Not Found" };
    if (headers["x-api-version"] === undefined) return error(400, "invalid_api_version", "x-api-version");
    const key = headers["idempotency-key"];
    if (typeof key !== "string") return error(400, "invalid_inputs", "no key");
    if (keys.has(key))
      return error(409, "duplicate_idempotency_key", `Another request with idempotency key ${key}`);
    const { customer_id, feature_id, value, timestamp, properties, overage_behavior } = JSON.parse(body);
    const read = TrackParams$outboundSchema.safeParse({
      customerId: customer_id,
      featureId: feature_id,
      value,
      timestamp,
      properties,
      overageBehavior: overage_behavior,
    });
    if (!read.success) return error(400, "invalid_inputs", read.error.message);
    if (features !== undefined && !features.includes(feature_id))
      return error(404, "feature_not_found", `Feature ${feature_id} not found`);
    keys.add(key);
    tracked.push(JSON.parse(body));
    return { status: 200, body: { customer_id, value, balance: null } };
  };

  return {
    ...(await startReceiver(take)),
    tracked,
    get keys() {
      return [...keys];
    },
  };
};

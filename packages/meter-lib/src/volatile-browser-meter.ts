import {
  type Catalog,
  describeValue,
  type EventIssue,
  type litewaveCatalog,
  MeterClient,
  type MeterClientOptions,
  MeterError,
  type Outbox,
} from "@meter-lib/core";
import {
  type BeaconTransportOptions,
  beaconTransport,
  deliverThroughPageLife,
  relayCustomers,
} from "@meter-lib/transport-beacon";

/** A client of a page: tenant and device are known. */
export type BrowserMeter<C extends Catalog = typeof litewaveCatalog> = MeterClient<
  C,
  "tenant_id" | "device_id"
>;

export interface VolatileBrowserMeterOptions<C extends Catalog>
  extends Pick<BeaconTransportOptions, "token" | "contentType" | "credentials" | "dedupWindowMs" | "fetch">,
    Pick<MeterClientOptions<C, never>, "catalog" | "delivery" | "sessions" | "timeoutMs" | "redact"> {
  /** Where the relay takes batches: absolute, or relative to the page. */
  readonly relayUrl: string | URL;
  /** Whom the page is signed in for: the tenant of `token`. The relay bills the token's tenant, whatever is said here. */
  readonly tenant_id: string;
  /** The page's place among the tenant's devices; the relay takes the token's. @default "web" */
  readonly device_id?: string;
}

/** Batches as a page needs them: small enough to leave with it. */
const DELIVERY = { lingerMs: 2_000, retryCapMs: 60_000, maxHeldEvents: 1_000, maxHeldBytes: 1024 * 1024 };
/** A reload goes on with its session; a page that is gone for longer has ended it. */
const SESSIONS = { checkpointMs: 15_000, afterCrash: "resume", resumeWithinMs: 30_000 } as const;

/**
 * `createBrowserMeter` without a database, for pages where a smaller bundle matters more than what a crash, a tab closed offline or
 * a long outage loses. A page that is left still sends what it has. Sessions are posted at their start and end.
 *
 * @throws MeterError `invalid_options`
 */
export const createVolatileBrowserMeter = <const C extends Catalog = typeof litewaveCatalog>(
  options: VolatileBrowserMeterOptions<C>,
): BrowserMeter<C> => wireBrowserMeter(options, undefined);

/** A client of `options` on an outbox, delivering through the life of its page until it is closed. */
export const wireBrowserMeter = <const C extends Catalog>(
  options: VolatileBrowserMeterOptions<C>,
  openOutbox: (() => Outbox) | undefined,
): BrowserMeter<C> => {
  checkOptions(options);
  const { relayUrl, tenant_id, device_id = "web", delivery, sessions } = options;
  let endPageLife = () => {};
  const client = new MeterClient<C, "tenant_id" | "device_id">({
    ...options,
    ...(openOutbox === undefined ? {} : { outbox: openOutbox() }),
    transport: {
      ...beaconTransport({ ...options, url: relayUrl }),
      [Symbol.asyncDispose]: async () => endPageLife(),
    },
    customerLookup: relayCustomers(),
    defaults: { tenant_id, device_id },
    delivery: { ...DELIVERY, ...delivery },
    sessions: { ...SESSIONS, ...sessions },
  });
  endPageLife = deliverThroughPageLife(client);
  return client;
};

const checkOptions = ({ relayUrl, tenant_id, device_id = "web" }: VolatileBrowserMeterOptions<Catalog>) => {
  const issues: EventIssue[] = [];
  const expectText = (field: string, value: unknown, expected: string) => {
    if ((typeof value === "string" && value !== "") || value instanceof URL) return;
    issues.push({ field, given: value === undefined ? "nothing" : describeValue(value), expected });
  };
  expectText("relayUrl", relayUrl, "the URL of a relay");
  expectText("tenant_id", tenant_id, "the tenant that the page is signed in for");
  expectText("device_id", device_id, "text");
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
};

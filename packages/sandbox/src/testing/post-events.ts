const JSON_HEADERS = { "content-type": "application/json" };

/** The guide's example event, as its dialect posts it. */
export interface PostedEvent {
  readonly tenant?: string;
  readonly device?: string;
  /** Our extension headers, and whatever else a test wants to send. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces or adds fields of the body. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** Posts one event in the `events` dialect: 24 basic pages of tenant_123, unless told otherwise. */
export const postEvent = (
  url: string,
  { tenant = "tenant_123", device = "us-east-ing1", headers, body }: PostedEvent = {},
): Promise<Response> =>
  fetch(`${url}/api/v1/events`, {
    method: "POST",
    headers: { ...JSON_HEADERS, "x-tenant-id": tenant, "x-device-id": device, ...headers },
    body: JSON.stringify({
      meter_id: "page.processed.basic",
      ...(body !== undefined && ("start_time" in body || "end_time" in body)
        ? undefined
        : { total_usage: 24 }),
      customer_id: "cust_001",
      ...body,
    }),
  });

/** Posts a body to the `kafka-rest` dialect as it is. */
export const postTopic = (
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
): Promise<Response> =>
  fetch(`${url}/topics/usage-events`, {
    method: "POST",
    headers: { "content-type": "application/vnd.kafka.json.v2+json", ...headers },
    body,
  });

/** Posts records in the `kafka-rest` dialect. */
export const postRecords = (url: string, values: readonly unknown[]): Promise<Response> =>
  postTopic(url, JSON.stringify({ records: values.map((value) => ({ value })) }));

/** The JSON that a path of the sandbox answers. */
export const getJson = async (url: string, path: string): Promise<unknown> =>
  (await fetch(url + path)).json();

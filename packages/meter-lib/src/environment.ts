/** The environment variables that meter-lib reads, each only if its option is missing. */
export type EnvironmentName =
  | "METER_LIB_BASE_URL"
  | "METER_LIB_LOOKUP_URL"
  | "METER_LIB_API_KEY"
  | "METER_LIB_DIALECT"
  | "METER_LIB_LOOKUP_ROUTE"
  | "METER_LIB_TENANT_ID"
  | "METER_LIB_DEVICE_ID";

/**
 * Returns an environment variable; undefined if it is missing or empty, or if there is no environment (browsers,
 * some edge runtimes). Without an import of `node:process`, so that the same file works everywhere.
 */
export const environment = (name: EnvironmentName): string | undefined =>
  globalThis.process?.env?.[name] || undefined;

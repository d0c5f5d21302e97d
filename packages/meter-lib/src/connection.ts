import { type EventIssue, MeterError } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import type { LookupRoute } from "@meter-lib/lookup-http";
import type { FetchTransportOptions } from "@meter-lib/transport-fetch";
import { environment } from "./environment.ts";

/** Address and dialect of the backend. Missing options are read from the environment. */
export interface ConnectionOptions {
  /** URL that events are sent to. @default `METER_LIB_BASE_URL` */
  readonly baseUrl?: string | URL | undefined;
  /** URL for customer lookups. @default `METER_LIB_LOOKUP_URL`, else the base URL */
  readonly lookupUrl?: string | URL | undefined;
  /**
   * Key of the portal that answers lookups. Events are sent without it.
   * @default `METER_LIB_API_KEY` if the lookup's host is the one that the environment names; else none
   */
  readonly apiKey?: string | undefined;
  /** Name of the key in errors. @default "apiKey", or the environment variable that it was read from */
  readonly apiKeyName?: string | undefined;
  /** @default `METER_LIB_DIALECT`, else "events" */
  readonly dialect?: NonNullable<FetchTransportOptions["dialect"]> | undefined;
  /**
   * The lookup that the backend offers.
   * @default `METER_LIB_LOOKUP_ROUTE`, else "portal" with a key; without one "internal-v1" for "events", "internal" for "kafka-rest"
   */
  readonly lookupRoute?: LookupRoute | undefined;
}

/** The options with all defaults filled in. */
export interface Connection {
  readonly baseUrl: string | URL;
  readonly lookupUrl: string | URL;
  readonly apiKey: string | undefined;
  readonly apiKeyName: string;
  readonly dialect: "events" | "kafka-rest";
  readonly lookupRoute: LookupRoute;
}

const DIALECTS = ["events", "kafka-rest"] as const;
const ROUTES = ["internal-v1", "internal", "portal-key", "portal"] as const satisfies readonly LookupRoute[];

/**
 * Reads each setting from the options, or else from the environment.
 *
 * @throws MeterError `invalid_options` that names the option and the variable
 */
export const resolveConnection = (options: ConnectionOptions): Connection => {
  const issues: EventIssue[] = [];
  const choice = <Choice extends string>(
    field: string,
    name: "METER_LIB_DIALECT" | "METER_LIB_LOOKUP_ROUTE",
    given: Choice | undefined,
    choices: readonly Choice[],
  ): Choice | undefined => {
    const value = given ?? environment(name);
    const found = choices.find((candidate) => candidate === value);
    if (value !== undefined && found === undefined)
      issues.push({
        field: given === undefined ? name : field,
        given: describeValue(value),
        expected: `one of ${choices.join(", ")}`,
      });
    return found;
  };

  const baseUrl = options.baseUrl ?? environment("METER_LIB_BASE_URL");
  const lookupUrl = options.lookupUrl ?? environment("METER_LIB_LOOKUP_URL") ?? baseUrl;
  const apiKey = options.apiKey ?? keyFor(lookupUrl);
  const dialect = choice("dialect", "METER_LIB_DIALECT", options.dialect, DIALECTS) ?? "events";
  const lookupRoute =
    choice("lookupRoute", "METER_LIB_LOOKUP_ROUTE", options.lookupRoute, ROUTES) ??
    defaultRoute(apiKey, dialect);
  if (baseUrl === undefined) {
    issues.push({
      field: "baseUrl",
      given: "nothing",
      expected: "the backend's URL, as this option or as the environment variable METER_LIB_BASE_URL",
    });
  }
  if (baseUrl === undefined || lookupUrl === undefined || issues.length > 0)
    throw MeterError.fromIssues("invalid_options", issues);
  const apiKeyName = options.apiKey === undefined ? "METER_LIB_API_KEY" : (options.apiKeyName ?? "apiKey");
  return { baseUrl, lookupUrl, apiKey, apiKeyName, dialect, lookupRoute };
};

/** Returns the environment's key. It is sent only to the host that the environment names. */
const keyFor = (lookupUrl: string | URL | undefined): string | undefined => {
  const home = environment("METER_LIB_LOOKUP_URL") ?? environment("METER_LIB_BASE_URL");
  return home === undefined || originOf(home) === originOf(lookupUrl)
    ? environment("METER_LIB_API_KEY")
    : undefined;
};

const originOf = (url: string | URL | undefined): string => {
  const text = String(url);
  return URL.canParse(text) ? new URL(text).origin : text;
};

const defaultRoute = (apiKey: string | undefined, dialect: Connection["dialect"]): LookupRoute => {
  if (apiKey !== undefined) return "portal";
  return dialect === "events" ? "internal-v1" : "internal";
};

import { MeterError } from "@meter-lib/core";
import { parseBaseUrl } from "@meter-lib/core/wire";
import { resolveConnection } from "meter-lib";

/**
 * Returns the URL of a sandbox, from a flag or else the environment.
 *
 * @throws MeterError `invalid_options`
 */
export const sandboxUrl = (flags: { readonly baseUrl?: string }): string => {
  const url = parseBaseUrl(resolveConnection({ baseUrl: flags.baseUrl }).baseUrl);
  if (typeof url === "string") return url;
  throw MeterError.fromIssues("invalid_options", [url]);
};

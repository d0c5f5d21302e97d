import { MeterError } from "@meter-lib/core";
import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";
import type { RegisteredClient } from "./register.ts";

const MeterContext = createContext<RegisteredClient | undefined>(undefined);

export interface MeterProviderProps {
  /** The client for the hooks. Create it once, outside components. The provider does not close it. */
  readonly client: RegisteredClient;
  readonly children?: ReactNode;
}

/**
 * Provides the client to all hooks below it.
 *
 * @example
 * ```tsx
 * const meter = createBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_123", token: fetchPageToken });
 * root.render(<MeterProvider client={meter}><App /></MeterProvider>);
 * ```
 */
export const MeterProvider = ({ client, children }: MeterProviderProps): ReactElement =>
  createElement(MeterContext.Provider, { value: client }, children);

/**
 * Returns the client of the nearest provider.
 *
 * @throws MeterError `invalid_options` without a `<MeterProvider>` above the component
 *
 * @example
 * ```ts
 * const meter = useMeter();
 * const scan = () => meter.record({ meter_id: "page.processed.basic", total_usage: 1 });
 * ```
 */
export const useMeter = (): RegisteredClient => {
  const client = useContext(MeterContext);
  if (client === undefined) {
    throw MeterError.fromIssues("invalid_options", [
      { field: "client", given: "no <MeterProvider> above the component", expected: "one, with a client" },
    ]);
  }
  return client;
};

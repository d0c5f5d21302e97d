import { MeterError } from "@meter-lib/core";
import { createContext, createElement, type ReactElement, type ReactNode, useContext } from "react";
import type { RegisteredClient } from "./register.ts";

const MeterContext = createContext<RegisteredClient | undefined>(undefined);

export interface MeterProviderProps {
  /** Made once, outside of components. The provider does not close it. */
  readonly client: RegisteredClient;
  readonly children?: ReactNode;
}

/** Gives the hooks below it their client. */
export const MeterProvider = ({ client, children }: MeterProviderProps): ReactElement =>
  createElement(MeterContext.Provider, { value: client }, children);

/**
 * The client of the provider above, the same one at every render.
 *
 * @throws MeterError `invalid_options` without a provider
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

"use client";

export type { HooksClient } from "./hooks-client.ts";
export { MeterProvider, type MeterProviderProps, useMeter } from "./meter-provider.ts";
export type { Register, RegisteredClient } from "./register.ts";
export {
  type MeterSession,
  type MeterSessionOptions,
  type SessionMeterId,
  useMeterSession,
} from "./use-meter-session.ts";

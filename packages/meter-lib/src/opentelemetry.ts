export {
  type InstrumentMeterClientOptions,
  instrumentMeterClient,
  type ObservedClient,
} from "./opentelemetry/instrument-meter-client.ts";
export { type TracedTransportOptions, tracedTransport } from "./opentelemetry/traced-transport.ts";

export { kafkaTransport } from "./kafka-transport.ts";
export type { Compression, KafkaTransportOptions } from "./kafka-transport-options.ts";
export type { SaslOptions, SaslPassword, SaslToken } from "./sasl-options.ts";

export { type NodeRelayHandler, type NodeRelayOptions, nodeRelayHandler } from "./node-relay-handler.ts";

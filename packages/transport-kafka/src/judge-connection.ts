import type { DestinationFault } from "@meter-lib/core/transport";
import { isCredentialsCode, judgeCode } from "./judge-code.ts";

// Error codes of OpenSSL and Node for a failed handshake or certificate: https://nodejs.org/api/tls.html#x509-certificate-error-codes
const TLS_FAILED =
  /^(?:CERT_|CRL_|ERROR_IN_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;
// Errors of the client if only one side uses TLS.
const TLS_MISMATCH = /Broker requires TLS|TLS handshake failed/;
const UNKNOWN_TOPIC = /^Unknown topic /;
const MAX_ERRORS = 50;

/** Interprets a failed connection to the cluster. No record was sent. */
export const judgeConnection = (error: unknown): DestinationFault => {
  const parts = partsOf(error);
  const words = parts.findLast(({ message }) => message !== "")?.message ?? "no connection";
  const credentials = parts.some(
    ({ code, apiId }) => code === "PLT_KFK_AUTHENTICATION" || isCredentialsCode(apiId),
  );
  if (credentials) return { kind: "blocked", reason: `the cluster refuses access: ${words}`, credentials };
  if (parts.some(({ code, message }) => TLS_FAILED.test(code) || TLS_MISMATCH.test(message))) {
    return { kind: "blocked", reason: `no secure connection: ${words}` };
  }
  if (
    parts.some(({ apiId, message }) => apiId === "UNKNOWN_TOPIC_OR_PARTITION" || UNKNOWN_TOPIC.test(message))
  ) {
    return { kind: "blocked", reason: "the topic does not exist, or may not be seen" };
  }
  if (parts.some(({ code, apiCode }) => code === "PLT_KFK_UNSUPPORTED_API" || isBlocking(apiCode))) {
    return { kind: "blocked", reason: `the cluster cannot serve this client: ${words}` };
  }
  return { kind: "unavailable", reason: `no connection: ${words}` };
};

// Errors of a cluster that is reachable and will soon be ready.
const STARTING_UP = new Set([
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "LEADER_NOT_AVAILABLE",
]);

/** Whether the cluster is starting up, so that it is worth asking again shortly. */
export const isStartingUp = (error: unknown): boolean =>
  partsOf(error).some(({ apiId }) => STARTING_UP.has(apiId));

const isBlocking = (apiCode: number | undefined): boolean =>
  apiCode !== undefined && judgeCode(apiCode) === "blocked";

interface Part {
  readonly message: string;
  readonly code: string;
  readonly apiId: string;
  readonly apiCode: number | undefined;
}

/** Returns an error, its causes and its aggregated errors, innermost last. */
const partsOf = (error: unknown): readonly Part[] => {
  const queue: unknown[] = [error];
  const parts: Part[] = [];
  for (const link of queue) {
    if (!(link instanceof Error) || parts.length === MAX_ERRORS) continue;
    parts.push({
      message: link.message,
      code: textOf(link, "code"),
      apiId: textOf(link, "apiId"),
      apiCode: "apiCode" in link && typeof link.apiCode === "number" ? link.apiCode : undefined,
    });
    if (link instanceof AggregateError) queue.push(...link.errors);
    queue.push(link.cause);
  }
  return parts;
};

const textOf = (error: Error, key: "code" | "apiId"): string => {
  const value: unknown = Object.getOwnPropertyDescriptor(error, key)?.value;
  return typeof value === "string" ? value : "";
};

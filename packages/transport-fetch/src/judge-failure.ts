import type { DestinationFault, Unsure } from "@meter-lib/core";
import type { HttpFailure } from "./exchange.ts";

// Codes of Node's system errors, of undici and of Bun that can only come before a byte of the request left.
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
  "FailedToOpenSocket",
]);
// OpenSSL's names for a handshake or a certificate that failed: https://nodejs.org/api/tls.html#x509-certificate-error-codes
const TLS_FAILED =
  /^(?:CERT_|CRL_|ERROR_IN_|ERR_TLS_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|HTTP_REQUEST|\w*ALERT_(?:HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME|CERTIFICATE_REQUIRED|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA))$)/;
// Errors without a code: Node closing during the handshake, Deno's connect errors.
const CLOSED_IN_HANDSHAKE = /before secure TLS connection was established/;
const DENO_CONNECT = /client error \(Connect\)/;
const DENO_CERTIFICATE = /invalid peer certificate/;
// fetch itself refuses some ports, without a code (undici's words, Deno's): https://fetch.spec.whatwg.org/#port-blocking
const REFUSED_PORT = /^bad port$|Requests to port \d+ are blocked/;
const MAX_DEPTH = 10;

/**
 * What it means that no answer came. A refused connection, an unknown host and a failed handshake certainly left the event
 * unprocessed; after anything else (a reset, a timeout, a browser's bare TypeError) the receiver may have it.
 */
export const judgeFailure = ({ error, timeout }: HttpFailure): DestinationFault | Unsure => {
  if (timeout) return { state: "unsure", reason: "no answer in time", timeout: true };
  const links = chain(error);
  const reason = links.findLast(({ message }) => message !== "")?.message.trim() ?? "no answer";
  if (links.some(isTlsFailure)) return { kind: "blocked", reason: `no secure connection: ${reason}` };
  if (links.some(({ message }) => REFUSED_PORT.test(message))) {
    return { kind: "blocked", reason: `fetch refuses to connect: ${reason}` };
  }
  if (links.some(isNotConnected)) return { kind: "unavailable", reason: `no connection: ${reason}` };
  return { state: "unsure", reason: `the connection broke: ${reason}` };
};

interface Link {
  readonly code: string;
  readonly syscall: string;
  readonly message: string;
}

const isTlsFailure = ({ code, message }: Link): boolean =>
  TLS_FAILED.test(code) || DENO_CERTIFICATE.test(message);

const isNotConnected = ({ code, syscall, message }: Link): boolean =>
  NOT_CONNECTED.has(code) ||
  syscall === "connect" ||
  syscall === "getaddrinfo" ||
  CLOSED_IN_HANDSHAKE.test(message) ||
  DENO_CONNECT.test(message);

/** The error, its causes and the errors of an AggregateError (one for each address tried), outermost first. */
const chain = (error: unknown, depth = 0): readonly Link[] => {
  if (typeof error !== "object" || error === null || depth > MAX_DEPTH) return [];
  const link = {
    code: textOf(error, "code"),
    syscall: textOf(error, "syscall"),
    message: textOf(error, "message"),
  };
  const inner = "cause" in error ? chain(error.cause, depth + 1) : [];
  const tried = "errors" in error && Array.isArray(error.errors) ? error.errors.slice(0, MAX_DEPTH) : [];
  return [link, ...inner, ...tried.flatMap((one) => chain(one, depth + 1))];
};

const textOf = (error: object, key: "code" | "syscall" | "message"): string => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : "";
};

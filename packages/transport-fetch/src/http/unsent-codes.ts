import { NOT_SENT } from "./not-sent-error.ts";

/** An error in a chain of causes. */
export interface ErrorLink {
  readonly name: string;
  readonly code: string;
  readonly syscall: string;
  readonly message: string;
}

/** The meaning of an error that can only happen before any byte of the request is sent. */
export interface Unsent {
  readonly kind: "unavailable" | "blocked";
  /** The reason, as shown before the error's own message. */
  readonly why: string;
}

const unavailable = (why: string): Unsent => ({ kind: "unavailable", why });
const blocked = (why: string): Unsent => ({ kind: "blocked", why });

const NO_CONNECTION = unavailable("no connection");
const NO_SECURE_CONNECTION = blocked("no secure connection");
const REFUSED_BY_CLIENT = blocked("the request could not be made");
const REFUSED_BY_PROXY = blocked("the proxy refused the connection");
const PROXY_FAILED = unavailable("the proxy got no connection");
const REFUSED_BY_FETCH = blocked("fetch refuses to connect");
const STREAM_REFUSED = unavailable("the receiver refused the stream");
const NOT_BEGUN = unavailable("not sent");

/**
 * Error codes of Node, undici, Bun and Deno after which the receiver certainly has nothing. docs/concepts/answers.md lists their sources
 * and meanings. After any other error the receiver may have the request.
 */
export const UNSENT_CODES: ReadonlyMap<string, Unsent> = new Map([
  ...of(
    NO_CONNECTION,
    // libuv and getaddrinfo. Bun uses the same codes, without a system call.
    "ECONNREFUSED",
    "EHOSTUNREACH",
    "EHOSTDOWN",
    "ENETUNREACH",
    "ENETDOWN",
    "EADDRNOTAVAIL",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "EAI_NODATA",
    "EAI_NONAME",
    "ERR_SOCKET_CONNECTION_TIMEOUT",
    "UND_ERR_CONNECT_TIMEOUT",
    // Bun before 1.4.
    "ConnectionRefused",
    "FailedToOpenSocket",
  ),
  ...of(
    REFUSED_BY_CLIENT,
    "UND_ERR_INVALID_ARG",
    "UND_ERR_NOT_SUPPORTED",
    "UND_ERR_CLOSED",
    "UND_ERR_MAX_ORIGINS_REACHED",
    "UND_ERR_BPL_MISSING_UPSTREAM",
    "ERR_INVALID_URL",
    "ERR_INVALID_CHAR",
    "ERR_INVALID_HTTP_TOKEN",
    "ERR_INVALID_ARG_TYPE",
    "ERR_INVALID_ARG_VALUE",
    "ERR_INVALID_IP_ADDRESS",
    "ERR_SOCKET_BAD_PORT",
  ),
  ...of(PROXY_FAILED, "UND_ERR_PRX_CONN"),
  ...of(REFUSED_BY_PROXY, "UND_ERR_PRX_TLS"),
]);

function of(unsent: Unsent, ...codes: readonly string[]): readonly (readonly [string, Unsent])[] {
  return codes.map((code) => [code, unsent]);
}

// System calls made before a connection exists, and those made on one: a router's "unreachable" can also end a connection in use.
const CONNECTING = /^(?:connect|bind|getaddrinfo|query[A-Z]\w*)$/;
const CONNECTED = /^(?:read|write|shutdown)$/;

// Certificate errors: X509_V_ERR_… without the prefix, as in Node, and Node's own checks.
const CERTIFICATE =
  /^(?:CERT_|CRL_|ERROR_IN_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|ERR_TLS_)/;
// Errors that OpenSSL detects during the handshake.
const HANDSHAKE =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|WRONG_SSL_VERSION|UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|NO_CIPHER_MATCH|WRONG_CIPHER_RETURNED|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|HTTPS_PROXY_REQUEST|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|DH_KEY_TOO_SMALL|EE_KEY_TOO_SMALL|CA_KEY_TOO_SMALL|CA_MD_TOO_WEAK|CERTIFICATE_VERIFY_FAILED|LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED|NO_SUITABLE_SIGNATURE_ALGORITHM|BAD_ECPOINT|WRONG_CURVE|NO_SUITABLE_KEY_SHARE)$/;
// Alerts that RFC 8446, 6.2 and RFC 5246, 7.2.2 define for the handshake only. OpenSSL spells them SSLV3_ALERT_…, TLSV1_ALERT_…,
// TLSV1_…, TLSV13_ALERT_… and, since 3.5, SSL/TLS_ALERT_….
const ALERT =
  /^ERR_SSL_(?:SSLV3_|TLSV1_|TLSV13_|SSL\/TLS_)(?:ALERT_)?(?:HANDSHAKE_FAILURE|NO_CERTIFICATE|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|EXPORT_RESTRICTION|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|INAPPROPRIATE_FALLBACK|MISSING_EXTENSION|UNSUPPORTED_EXTENSION|CERTIFICATE_UNOBTAINABLE|UNRECOGNIZED_NAME|BAD_CERTIFICATE_STATUS_RESPONSE|BAD_CERTIFICATE_HASH_VALUE|UNKNOWN_PSK_IDENTITY|CERTIFICATE_REQUIRED|NO_APPLICATION_PROTOCOL)$/;

// A CONNECT that the proxy refused, as reported by undici and by Bun.
const TUNNEL_REFUSED =
  /^Proxy (?:response \((?<undici>\d{3})\) !== 200 when HTTP Tunneling|refused to open a tunnel: (?<bun>\d{3}))/;
const LATER_STATUS = new Set(["408", "425", "429"]);
const SOCKS_FAILED = /^UND_ERR_SOCKS5_REPLY_[13456]$/;

// Errors without a code: a close during the handshake in Node, Bun and Deno; blocked ports in undici and Deno
// (https://fetch.spec.whatwg.org/#port-blocking).
const CLOSED_IN_HANDSHAKE = /before secure TLS connection was established/;
const BUN_HANDSHAKE = /^EPROTO: The TLS handshake failed/;
const DENO_CONNECT = /client error \(Connect\)/;
const DENO_HANDSHAKE =
  /client error \(Connect\): (?:invalid peer certificate|received fatal alert|received corrupt message)/;
// rustls' names of the alerts above, received after the client finished its handshake (TLS 1.3).
const DENO_ALERT =
  /received fatal alert: (?:HandshakeFailure|BadCertificate|UnsupportedCertificate|CertificateRevoked|CertificateExpired|CertificateUnknown|UnknownCA|AccessDenied|DecryptError|CertificateRequired)$/;
const DENO_PROXY = /client error \(Connect\): proxy authentication required/;
const REFUSED_PORT = /^bad port$|Requests to port \d+ are blocked/;
// The receiver states that it did nothing (RFC 9113, 8.7).
const REFUSED_STREAM = /NGHTTP2_REFUSED_STREAM/;

/** Interprets one error of a chain. Returns undefined if the request may have been sent. */
export const unsentOf = (link: ErrorLink): Unsent | undefined =>
  CONNECTED.test(link.syscall)
    ? undefined
    : (UNSENT_CODES.get(link.code) ?? secureConnectionOf(link) ?? proxyOf(link) ?? othersOf(link));

const secureConnectionOf = ({ code, message }: ErrorLink): Unsent | undefined =>
  CERTIFICATE.test(code) ||
  HANDSHAKE.test(code) ||
  ALERT.test(code) ||
  BUN_HANDSHAKE.test(message) ||
  DENO_HANDSHAKE.test(message) ||
  DENO_ALERT.test(message)
    ? NO_SECURE_CONNECTION
    : undefined;

const proxyOf = ({ code, message }: ErrorLink): Unsent | undefined => {
  const tunnel = TUNNEL_REFUSED.exec(message)?.groups;
  if (tunnel !== undefined) {
    const status = tunnel.undici ?? tunnel.bun ?? "";
    return status.startsWith("5") || LATER_STATUS.has(status) ? PROXY_FAILED : REFUSED_BY_PROXY;
  }
  if (DENO_PROXY.test(message)) return REFUSED_BY_PROXY;
  if (code.startsWith("UND_ERR_SOCKS5_")) return SOCKS_FAILED.test(code) ? PROXY_FAILED : REFUSED_BY_PROXY;
  return undefined;
};

const othersOf = ({ name, syscall, message }: ErrorLink): Unsent | undefined => {
  if (REFUSED_PORT.test(message)) return REFUSED_BY_FETCH;
  if (CONNECTING.test(syscall) || CLOSED_IN_HANDSHAKE.test(message) || DENO_CONNECT.test(message))
    return NO_CONNECTION;
  if (REFUSED_STREAM.test(message)) return STREAM_REFUSED;
  return name === NOT_SENT ? NOT_BEGUN : undefined;
};

import { networkInterfaces } from "node:os";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;
const ANY = /^(0\.0\.0\.0|::)$/;

/** Whether an address can be reached only from its own machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const urlOf = (host: string, port: number): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

/** Returns the URLs of a server that listens on an address; if it listens on all addresses, one URL for each, loopback first. */
export const reachableUrls = (host: string, port: number): readonly string[] => {
  if (!ANY.test(host)) return [urlOf(host, port)];
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal);
  return [urlOf("127.0.0.1", port), ...others.map(({ address }) => urlOf(address, port))];
};

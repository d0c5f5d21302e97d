import { networkInterfaces } from "node:os";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;
const ANY = /^(0\.0\.0\.0|::)$/;

/** Whether an address is reached from its own machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const urlOf = (host: string, port: number): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

/** The URLs of a server that listens on an address: of all addresses, loopback first, where it listens on all. */
export const reachableUrls = (host: string, port: number): readonly string[] => {
  if (!ANY.test(host)) return [urlOf(host, port)];
  const others = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal);
  return [urlOf("127.0.0.1", port), ...others.map(({ address }) => urlOf(address, port))];
};

import { readFile } from "node:fs/promises";
import { lagoLedger } from "@meter-lib/backends/lago";
import { openMeterLedger } from "@meter-lib/backends/openmeter";
import { stripeLedger } from "@meter-lib/backends/stripe";
import type { CustomerLookup, ReconcileBackend } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { sandboxLedger } from "@meter-lib/sandbox";
import * as v from "valibot";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { postgresUsage } from "./postgres-usage.ts";
import { sandboxUrl } from "./sandbox-url.ts";

export const BACKENDS = ["sandbox", "openmeter", "stripe", "lago", "postgres"] as const;

export interface BackendFlags {
  readonly backend?: (typeof BACKENDS)[number];
  readonly baseUrl?: string;
  /** A file of customers by tenant. */
  readonly customers?: string;
  /** A file of the backend's meter names. */
  readonly meters?: string;
}

export interface NamedBackend {
  readonly name: string;
  readonly backend: ReconcileBackend;
}

/**
 * Creates the backend to compare with from flags. Keys come only from the environment, because others can see a command line.
 *
 * @throws CliError for a missing key or an unreadable file
 */
export const reconcileBackend = async (flags: BackendFlags): Promise<NamedBackend> => {
  const { backend: kind = "sandbox" } = flags;
  if (kind === "sandbox") {
    const url = sandboxUrl(flags);
    return { name: `${url}: expected a sandbox's ledger`, backend: sandboxLedger(url) };
  }
  if (kind === "postgres") return { name: "PostgreSQL", backend: postgresUsage(flags.baseUrl) };
  const customerLookup = await customers(flags);
  const names = flags.meters === undefined ? {} : await mapIn(flags.meters, "--meters");
  const { baseUrl } = flags;
  const common = { customerLookup, ...(baseUrl === undefined ? {} : { baseUrl }) };
  switch (kind) {
    case "openmeter":
      return {
        name: "OpenMeter",
        backend: openMeterLedger({
          ...common,
          baseUrl: baseUrl ?? "https://openmeter.cloud",
          apiKey: process.env.OPENMETER_API_KEY,
          meters: names,
        }),
      };
    case "stripe":
      return {
        name: "Stripe",
        backend: stripeLedger({ ...common, apiKey: keyIn("STRIPE_KEY"), eventNames: names }),
      };
    case "lago":
      return {
        name: "Lago",
        backend: lagoLedger({ ...common, apiKey: keyIn("LAGO_API_KEY"), codes: names }),
      };
  }
};

const customers = async ({ customers: file }: BackendFlags): Promise<CustomerLookup> => {
  if (file === undefined)
    throw new CliError(
      EXIT.usage,
      "--customers: expected a JSON file with the backend's customers by tenant",
    );
  return staticCustomers(await mapIn(file, "--customers"));
};

const keyIn = (name: string): string => {
  const key = process.env[name];
  if (!key) throw new CliError(EXIT.usage, `${name}: expected an API key in the environment`);
  return key;
};

const EXPECTED = "a JSON object with text values";

const mapIn = async (path: string, flag: string): Promise<Readonly<Record<string, string>>> => {
  try {
    return v.parse(v.record(v.string(), v.string()), JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const why = v.isValiError(error) || error instanceof SyntaxError ? EXPECTED : String(error);
    throw new CliError(
      EXIT.usage,
      `${flag}: ${path}: expected ${EXPECTED}${why === EXPECTED ? "" : `: ${why}`}`,
    );
  }
};

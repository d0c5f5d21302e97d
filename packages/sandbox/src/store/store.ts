import type { Catalog } from "@meter-lib/core";
import { type Accounts, createAccounts } from "./accounts.ts";
import { type ApiKeys, createApiKeys } from "./api-keys.ts";
import { createIngest, type Ingest, type IngestOptions } from "./ingest.ts";
import { createLabelRollup } from "./label-rollup.ts";
import { createLabels, type LabelKey } from "./labels.ts";
import { createLedgerQuery, type LedgerQuery } from "./ledger-query.ts";
import { createLogQueries, type LogQueries } from "./log-query.ts";
import { createNames } from "./names.ts";
import { openDatabase } from "./open-database.ts";
import { createLogRequest } from "./received-request.ts";
import { createRefusalHours } from "./refusal-hours.ts";
import { createRefusalLog, type LogRefusal } from "./refusal-log.ts";
import { createRevisions } from "./revisions.ts";
import { TABLES } from "./schema.ts";
import { createSeqRanges, type SeqRanges } from "./seq-ranges.ts";
import { createSessionPairing } from "./session-pairing.ts";
import { createSessionQuery, type LoggedSession, type SessionQuery } from "./session-query.ts";
import { createTransact } from "./transaction.ts";
import { createUnknownTenants, type UnknownTenants } from "./unknown-tenants.ts";
import { createUsageQuery, type UsageQueries } from "./usage-query.ts";
import { createUsageRollup } from "./usage-rollup.ts";
import { createSeriesQuery, type QuerySeries } from "./usage-series.ts";
import { createUsageTotals, type UsageTotals } from "./usage-totals.ts";

export interface StoreOptions extends IngestOptions {
  /** In memory when undefined. */
  readonly file: string | undefined;
  readonly catalog: Catalog;
  /** Keys from the start on, and after every reset. */
  readonly apiKeys?: readonly string[];
  /** Tenant → customer; set at the start and again at every reset. */
  readonly tenants: Readonly<Record<string, string>>;
}

/** All data of the backend. Every change is committed when its call returns. */
export interface Store extends UsageTotals {
  readonly accounts: Pick<Accounts, "customerOf" | "list" | "search" | "resolve">;
  putTenant(tenant_id: string, customer_id: string): void;
  removeTenant(tenant_id: string): boolean;
  readonly apiKeys: Pick<ApiKeys, "count" | "use" | "list" | "add" | "remove">;
  readonly ingest: Ingest;
  readonly logRefusal: LogRefusal;
  readonly usage: UsageQueries;
  readonly series: QuerySeries;
  /** Metadata keys that usage of a meter can be grouped by. */
  labelKeys(meter_id: string): readonly LabelKey[];
  readonly sessions: (query: SessionQuery) => readonly LoggedSession[];
  /** Tenants that lookups did not find. */
  readonly unknownTenants: Pick<UnknownTenants, "note" | "list">;
  readonly log: LogQueries;
  readonly ledger: LedgerQuery;
  readonly gaps: SeqRanges["gaps"];
  /** Calls back after requests were stored. Returns a function that stops it. */
  onStored(listener: () => void): () => void;
  /** Resets to the start: no events, and the tenants and keys of the options. */
  reset(): void;
  close(): void;
}

export const openStore = (options: StoreOptions): Store => {
  const database = openDatabase(options.file);
  const names = createNames(database);
  const accounts = createAccounts(database, names);
  const rollup = createUsageRollup(database, "usage");
  const labels = createLabels(database);
  const labelRollup = createLabelRollup(database);
  const refusalHours = createRefusalHours(database);
  const seqRanges = createSeqRanges(database);
  const revisions = createRevisions(database);
  const pairing = createSessionPairing(database, rollup);
  const logRequest = createLogRequest(database);
  const apiKeys = createApiKeys(database, options.apiKeys ?? []);
  const reload = (): void => {
    names.reload();
    accounts.reload();
    apiKeys.reload();
    labels.reload();
    revisions.reload();
  };
  const transact = createTransact(database, () => {
    rollup.discard();
    labelRollup.discard();
    seqRanges.discard();
    reload();
  });
  const putConfigured = (): void => {
    for (const [tenant_id, customer_id] of Object.entries(options.tenants))
      accounts.put({ tenant_id, customer_id });
  };
  transact(putConfigured);
  const unknownTenants = createUnknownTenants();
  const ingest = createIngest(
    { database, transact, logRequest, names, rollup, labels, labelRollup, pairing, seqRanges, revisions },
    options,
  );
  const logRefusal = createRefusalLog(database, transact, logRequest, names, refusalHours);
  const listeners = new Set<() => void>();
  let revision = 0;
  const stored = (): void => {
    revision++;
    for (const listener of listeners) listener();
  };

  const usage = createUsageQuery(database, options.catalog);

  return {
    accounts,
    putTenant: (tenant_id, customer_id) => {
      transact(() => accounts.put({ tenant_id, customer_id }));
      unknownTenants.forget(tenant_id);
    },
    removeTenant: (tenant_id) => transact(() => accounts.remove(tenant_id)),
    apiKeys: {
      ...apiKeys,
      add: (now) => transact(() => apiKeys.add(now)),
      remove: (id) => transact(() => apiKeys.remove(id)),
    },
    ingest: (request, events) => {
      const outcomes = ingest(request, events);
      stored();
      return outcomes;
    },
    logRefusal: (request, refusal) => {
      logRefusal(request, refusal);
      stored();
    },
    usage,
    ...createUsageTotals(usage.rows, refusalHours, options.catalog, () => revision),
    series: createSeriesQuery(database, options.catalog, names, labels),
    labelKeys: (meter_id) => labels.keysOf(names.find(meter_id) ?? 0),
    sessions: createSessionQuery(database),
    unknownTenants,
    log: createLogQueries(database),
    ledger: createLedgerQuery(database),
    gaps: seqRanges.gaps,
    onStored: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reset: () => {
      transact(() => {
        for (const table of TABLES) database.exec(`DELETE FROM ${table}`);
        reload();
        putConfigured();
      });
      unknownTenants.clear();
      stored();
    },
    close: () => database.close(),
  };
};

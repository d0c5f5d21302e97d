import type { DatabaseSync } from "node:sqlite";
import { createUsageRollup, type UsageKey, type UsageRollup } from "./usage-rollup.ts";

/** Stands for every tenant, and every customer. */
const ALL = 0;

const ofAll = (key: UsageKey): UsageKey => ({ ...key, tenant: ALL, customer: ALL });

/** Rolls labels up twice, by tenant and over all of them: a chart over a month of hours need not add up the tenants. */
export const createLabelRollup = (database: DatabaseSync): UsageRollup => {
  const byTenant = createUsageRollup(database, "label");
  const overAll = createUsageRollup(database, "label_all");
  return {
    addEvent: (key, eventTime, totalUsage, late) => {
      byTenant.addEvent(key, eventTime, totalUsage, late);
      overAll.addEvent(ofAll(key), eventTime, totalUsage, late);
    },
    takeBack: (key, totalUsage, late) => {
      byTenant.takeBack(key, totalUsage, late);
      overAll.takeBack(ofAll(key), totalUsage, late);
    },
    addRepeat: (key, what) => {
      byTenant.addRepeat(key, what);
      overAll.addRepeat(ofAll(key), what);
    },
    addDuration: (key, durationMs) => {
      byTenant.addDuration(key, durationMs);
      overAll.addDuration(ofAll(key), durationMs);
    },
    flush: () => {
      byTenant.flush();
      overAll.flush();
    },
    discard: () => {
      byTenant.discard();
      overAll.discard();
    },
  };
};

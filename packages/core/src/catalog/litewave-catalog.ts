import type { Catalog } from "./catalog.ts";
import { freezeCatalog } from "./freeze-catalog.ts";

const meters = {
  /** Total number of basic pages processed */
  "page.processed.basic": {
    name: "Basic Document Scanning",
    type: "volume",
    description: "Total number of basic pages processed",
    unit: "page",
    aggregation: "sum",
  },
  /** Total number of advanced pages processed */
  "page.processed.advanced": {
    name: "Advanced Document Scanning",
    type: "volume",
    description: "Total number of advanced pages processed",
    unit: "page",
    aggregation: "sum",
  },
  /** Total number of small reports generated */
  "report.generated.small": {
    name: "Small Report Generation",
    type: "volume",
    description: "Total number of small reports generated",
    unit: "report",
    aggregation: "sum",
  },
  /** Total number of medium reports generated */
  "report.generated.medium": {
    name: "Medium Report Generation",
    type: "volume",
    description: "Total number of medium reports generated",
    unit: "report",
    aggregation: "sum",
  },
  /** Total number of large reports generated */
  "report.generated.large": {
    name: "Large Report Generation",
    type: "volume",
    description: "Total number of large reports generated",
    unit: "report",
    aggregation: "sum",
  },
  /** Total number of data query reports generated */
  "report.generated.dataquery": {
    name: "Data Query Report Generation",
    type: "volume",
    description: "Total number of data query reports generated",
    unit: "report",
    aggregation: "sum",
  },
  /** Total number of insights reports generated */
  "report.generated.insights": {
    name: "Insights Report Generation",
    type: "volume",
    description: "Total number of insights reports generated",
    unit: "report",
    aggregation: "sum",
  },
  /** Total number of rules executed with runtime less than 1 minute */
  "rule.executed.small": {
    name: "Small Rule Execution",
    type: "volume",
    description: "Total number of rules executed with runtime less than 1 minute",
    unit: "rule",
    aggregation: "sum",
  },
  // The guide assigns 3 to 4 minutes to no meter, neither this one nor the next.
  /** Total number of rules executed with runtime between 1 and 3 minutes */
  "rule.executed.medium": {
    name: "Medium Rule Execution",
    type: "volume",
    description: "Total number of rules executed with runtime between 1 and 3 minutes",
    unit: "rule",
    aggregation: "sum",
  },
  /** Total number of rules executed with runtime greater than 4 minutes */
  "rule.executed.large": {
    name: "Large Rule Execution",
    type: "volume",
    description: "Total number of rules executed with runtime greater than 4 minutes",
    unit: "rule",
    aggregation: "sum",
  },
  /** Total active chat usage time in hours */
  "chat.on.time_hours": {
    name: "Litewave AI Assistant Usage (Hours)",
    type: "performance",
    description: "Total active chat usage time in hours",
    unit: "hour",
    aggregation: "sum",
  },
  /** Total time spent per query in seconds */
  "chat.query.time_secs": {
    name: "Litewave AI Assistant Query Time (Seconds)",
    type: "performance",
    description: "Total time spent per query in seconds",
    unit: "second",
    aggregation: "sum",
  },
  // A level: the newest value is the usage, no matter how often it is reported.
  /** Total document storage consumed in GB */
  "document.storage.size_gb": {
    name: "Document Storage Size",
    type: "volume",
    description: "Total document storage consumed in GB",
    unit: "gigabyte",
    aggregation: "last",
  },
  /** Total number of small templates processed */
  "template.processed.small": {
    name: "Small Template Processing",
    type: "volume",
    description: "Total number of small templates processed",
    unit: "template",
    aggregation: "sum",
  },
  /** Total number of medium templates processed */
  "template.processed.medium": {
    name: "Medium Template Processing",
    type: "volume",
    description: "Total number of medium templates processed",
    unit: "template",
    aggregation: "sum",
  },
  /** Total number of large templates processed */
  "template.processed.large": {
    name: "Large Template Processing",
    type: "volume",
    description: "Total number of large templates processed",
    unit: "template",
    aggregation: "sum",
  },
  /** Total number of licensed templates processed */
  "template.processed.count": {
    name: "Template Licensing Count",
    type: "volume",
    description: "Total number of licensed templates processed",
    unit: "template",
    aggregation: "sum",
  },
  // Counts set-ups in a year: each event reports new ones, so they add up.
  /** Total yearly template setup count */
  "template.licensed.total": {
    name: "Yearly Template Setup",
    type: "volume",
    description: "Total yearly template setup count",
    unit: "template",
    aggregation: "sum",
  },
} as const satisfies Catalog;

/** The type of {@link litewaveCatalog}. Mapped, so that messages and hovers show this name instead of all meters. */
export type LitewaveCatalog = { readonly [Id in keyof typeof meters]: (typeof meters)[Id] };

/**
 * The meters of Litewave. Ids, names, types and descriptions are quoted from the usage guide of `meter-lib` ("List Of Meters");
 * units and aggregations follow from its descriptions.
 */
export const litewaveCatalog: LitewaveCatalog = /* @__PURE__ */ freezeCatalog(meters);

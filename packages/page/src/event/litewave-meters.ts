import type { LitewaveCatalog } from "@meter-lib/core";

type LitewaveMeters = {
  readonly [Id in keyof LitewaveCatalog]: Pick<LitewaveCatalog[Id], "type">;
};

const volume = { type: "volume" } as const;
const performance = { type: "performance" } as const;

/** What a page needs of `litewaveCatalog`; the compiler compares them. */
export const litewaveMeters: LitewaveMeters = {
  "page.processed.basic": volume,
  "page.processed.advanced": volume,
  "report.generated.small": volume,
  "report.generated.medium": volume,
  "report.generated.large": volume,
  "report.generated.dataquery": volume,
  "report.generated.insights": volume,
  "rule.executed.small": volume,
  "rule.executed.medium": volume,
  "rule.executed.large": volume,
  "chat.on.time_hours": performance,
  "chat.query.time_secs": performance,
  "document.storage.size_gb": volume,
  "template.processed.small": volume,
  "template.processed.medium": volume,
  "template.processed.large": volume,
  "template.processed.count": volume,
  "template.licensed.total": volume,
};

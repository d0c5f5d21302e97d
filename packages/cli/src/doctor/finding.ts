/** One line of the report: what was checked, what was found, and what to do. */
export interface Finding {
  readonly check:
    | "settings"
    | "backend"
    | "dialect"
    | "clock"
    | "lookup"
    | "credentials"
    | "customer"
    | "event"
    | "dedup";
  /** `unknown`: could not be determined. */
  readonly state: "good" | "warn" | "bad" | "unknown";
  readonly found: string;
  readonly advice?: string;
}

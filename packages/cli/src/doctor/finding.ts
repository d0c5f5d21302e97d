/** One line of a check-up: what was looked at, what was found, and what to do about it. */
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
  /** `unknown`: could not be found out. */
  readonly state: "good" | "warn" | "bad" | "unknown";
  readonly found: string;
  readonly advice?: string;
}

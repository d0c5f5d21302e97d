/** What is wrong with one field. */
export interface EventIssue {
  /** Path of the field: `total_usage`, `metadata.rule_id`. */
  readonly field: string;
  /** What the caller passed, in words. */
  readonly given: string;
  /** What is expected, in words. */
  readonly expected: string;
}

/** Formats the issue as one sentence: `total_usage: expected an integer ≥ 0, got 2.5`. */
export const describeIssue = ({ field, given, expected }: EventIssue): string =>
  `${field}: expected ${expected}, got ${given}`;

const MAX_SHOWN = 60;

/** Formats a value for a message, short enough for one line. */
export const describeValue = (value: unknown): string => {
  if (typeof value === "string") {
    const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
    const text = JSON.stringify(shown);
    return value.length > MAX_SHOWN ? `${text} (${value.length} characters)` : text;
  }
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return describeObject(value);
  if (typeof value === "function") return "a function";
  return String(value);
};

/** `an object`, or its class: `a Date`, `an Error`, `a Map`. */
const describeObject = (value: object): string => {
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (kind === "Object") return "an object";
  return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind.slice(0, MAX_SHOWN)}`;
};

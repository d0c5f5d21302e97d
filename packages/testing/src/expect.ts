// The one place that the cases take their assertions from.
export { expect } from "vitest";

import type { ConformanceCase } from "./conformance-case.ts";
export const segmentCases: readonly ConformanceCase[] = [];

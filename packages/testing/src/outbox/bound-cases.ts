import type { ConformanceCase } from "./conformance-case.ts";
export const boundCases: readonly ConformanceCase[] = [];

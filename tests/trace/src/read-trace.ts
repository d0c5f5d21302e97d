import { readFileSync } from "node:fs";

/** One request to the LLM service. */
export interface TraceRequest {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

export const TRACE_FILE = new URL("../data/AzureLLMInferenceTrace_conv.csv", import.meta.url);

// 2023-11-16 18:15:46.6805900,374,44: UTC, to a tenth of a microsecond.
const LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})\d*,(\d+),(\d+)$/;

/** The trace's requests in order. */
export const readTrace = (file: URL = TRACE_FILE): readonly TraceRequest[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split(/\r?\n/)
    .slice(1)
    .map((line, index) => {
      const [, day, time, contextTokens, generatedTokens] = LINE.exec(line) ?? [];
      if (day === undefined) throw new Error(`${file.pathname}, line ${index + 2}: not a request: ${line}`);
      return {
        time: Date.parse(`${day}T${time}Z`),
        contextTokens: Number(contextTokens),
        generatedTokens: Number(generatedTokens),
      };
    });

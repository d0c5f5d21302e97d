import { readFileSync } from "node:fs";

/** One request to an LLM service; see data/README.md. */
export interface TraceRequest {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

const FILE = new URL("../data/AzureLLMInferenceTrace_conv.csv", import.meta.url);

export const readTrace = (): readonly TraceRequest[] =>
  readFileSync(FILE, "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [time = "", context, generated] = line.trim().split(",");
      return {
        // Tenths of microseconds are more than Date reads.
        time: Date.parse(`${time.slice(0, 23).replace(" ", "T")}Z`),
        contextTokens: Number(context),
        generatedTokens: Number(generated),
      };
    });

import type { LanguageModelMiddleware } from "ai";

type WrapGenerate = NonNullable<LanguageModelMiddleware["wrapGenerate"]>;
type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;
export type GenerateResult = Awaited<ReturnType<WrapGenerate>>;
export type StreamResult = Awaited<ReturnType<WrapStream>>;
export type Part = StreamResult["stream"] extends ReadableStream<infer One> ? One : never;
export type Usage = GenerateResult["usage"];

/** Usage as a provider reports it. */
export const usage = (input: number | undefined, output: number | undefined): Usage => ({
  inputTokens: { total: input, noCache: input, cacheRead: 4, cacheWrite: undefined },
  outputTokens: { total: output, text: output, reasoning: 6 },
});

export const answer = (reported: Usage): GenerateResult => ({
  content: [{ type: "text", text: "yes" }],
  finishReason: { unified: "stop", raw: undefined },
  usage: reported,
  warnings: [],
});

export const finish = (reported: Usage, unified: "stop" | "error" | "interrupted" = "stop"): Part => ({
  type: "finish",
  finishReason: { unified, raw: undefined },
  usage: reported,
});

/** The beginning of every streamed answer. */
export const words = (...deltas: readonly string[]): Part[] => [
  { type: "stream-start", warnings: [] },
  { type: "text-start", id: "1" },
  ...deltas.map((delta): Part => ({ type: "text-delta", id: "1", delta })),
];

/** The parts, one for each time that somebody reads; then what `end` does. Tells how often it was asked, and whether it was cancelled. */
export const partStream = (
  parts: readonly Part[],
  end: (controller: ReadableStreamDefaultController<Part>) => void = (controller) => controller.close(),
) => {
  const seen = { pulls: 0, cancelled: false };
  const stream = new ReadableStream<Part>(
    {
      pull: (controller) => {
        const part = parts[seen.pulls++];
        if (part === undefined) end(controller);
        else controller.enqueue(part);
      },
      cancel: () => {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
};

import { defineCatalog, MeterClient, memoryTransport } from "@meter-lib/core";
import { APICallError, generateText, isStepCount, streamText, tool, wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  answer,
  finish,
  type GenerateResult,
  type Part,
  partStream,
  type Usage,
  usage,
  words,
} from "../../test/model.ts";
import { type MeteredModelCall, type MeterLanguageModelOptions, meterLanguageModel } from "../ai-sdk.ts";
import { meterContext } from "../context.ts";

const catalog = defineCatalog({
  "llm.input": { type: "volume" },
  "llm.output": { type: "volume" },
  "llm.total": { type: "volume" },
  "llm.uncached": { type: "volume" },
  "llm.cached": { type: "volume" },
  "llm.cache-write": { type: "volume" },
  "llm.reasoning": { type: "volume" },
  "llm.time": { type: "performance" },
});
type Catalog = typeof catalog;

const METERS = { inputTokens: "llm.input", outputTokens: "llm.output", time: "llm.time" } as const;

/** A middleware on a client of a test, and what was recorded: `llm.input 12`. */
const metering = (options: Partial<MeterLanguageModelOptions<Catalog>> = {}) => {
  const transport = memoryTransport();
  const client = new MeterClient({
    catalog,
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "t1", device_id: "d" },
  });
  const errors: unknown[] = [];
  const calls: MeteredModelCall[] = [];
  const middleware = meterLanguageModel<Catalog>({
    client,
    meters: METERS,
    onError: (error) => errors.push(error),
    onMetered: (call) => calls.push(call),
    ...options,
  });
  const recorded = async (): Promise<readonly string[]> => {
    await client.flush();
    return transport.events
      .map(({ meter_id, total_usage, start_time = 0, end_time = 0 }) =>
        total_usage === undefined
          ? `${meter_id} ${end_time >= start_time && start_time > 0 ? "measured" : "wrong"}`
          : `${meter_id} ${total_usage}`,
      )
      .sort();
  };
  const generating = (...results: readonly GenerateResult[]) => {
    const left = [...results];
    const doGenerate = async (): Promise<GenerateResult> => {
      const result = left.shift();
      if (result === undefined) throw new Error("the model has no more answers");
      return result;
    };
    return wrapLanguageModel({ model: new MockLanguageModelV4({ doGenerate }), middleware });
  };
  const streaming = (stream: ReadableStream<Part>) =>
    wrapLanguageModel({ model: new MockLanguageModelV4({ doStream: async () => ({ stream }) }), middleware });
  return { client, transport, middleware, errors, calls, recorded, generating, streaming };
};

const prompt = "How many pages?";
const ANSWERED = ["llm.input 12", "llm.output 30", "llm.time measured"];

describe("the parts of the input", () => {
  const PARTS = {
    inputTokens: "llm.input",
    uncachedInputTokens: "llm.uncached",
    cachedInputTokens: "llm.cached",
    cacheWriteInputTokens: "llm.cache-write",
  } as const;
  type Input = Usage["inputTokens"];
  const partsOf = async (inputTokens: Input) => {
    const { generating, recorded, errors } = metering({ meters: PARTS });
    const { outputTokens } = usage(0, 30);
    await generateText({ model: generating(answer({ inputTokens, outputTokens })), prompt });
    return { recorded: await recorded(), errors };
  };

  test.each<[string, Input, readonly [number, number, number, number]]>([
    [
      "as the provider reports them",
      { total: 9_207, noCache: 7, cacheRead: 9_000, cacheWrite: 200 },
      [200, 9_000, 9_207, 7],
    ],
    [
      "the rest of the whole is uncached",
      { total: 9_207, noCache: undefined, cacheRead: 9_000, cacheWrite: 200 },
      [200, 9_000, 9_207, 7],
    ],
    [
      "all of it, where no cache is reported",
      { total: 12, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      [0, 0, 12, 12],
    ],
  ])("%s", async (_, input, [written, read, total, uncached]) => {
    expect(await partsOf(input)).toEqual({
      recorded: [
        `llm.cache-write ${written}`,
        `llm.cached ${read}`,
        `llm.input ${total}`,
        `llm.uncached ${uncached}`,
      ],
      errors: [],
    });
  });

  test.each<Input>([
    { total: 5, noCache: undefined, cacheRead: 9, cacheWrite: undefined },
    { total: undefined, noCache: undefined, cacheRead: 9, cacheWrite: 1 },
    { total: 20, noCache: undefined, cacheRead: Number.NaN, cacheWrite: 1 },
  ])("parts that do not fit into the whole make no event for what is left: %j", async (input) => {
    const { recorded, errors } = await partsOf(input);
    expect(recorded.filter((event) => event.startsWith("llm.uncached"))).toEqual([]);
    expect(errors).toMatchObject([{ code: "invalid_event" }]);
  });
});

describe("a model that is wrapped twice", () => {
  test("is metered once, by the outer middleware, and the inner one's onError is told once", async () => {
    const inner = metering();
    const outer = metering();
    const model = wrapLanguageModel({
      // What other middlewares do to the parameters in between changes nothing.
      model: wrapLanguageModel({
        model: inner.generating(answer(usage(12, 30)), answer(usage(12, 30))),
        middleware: {
          specificationVersion: "v4",
          transformParams: async ({ params }) => ({ ...params, seed: 1 }),
        },
      }),
      middleware: outer.middleware,
    });
    for (let call = 0; call < 2; call++) await generateText({ model, prompt });
    expect(await outer.recorded()).toEqual([...ANSWERED, ...ANSWERED].sort());
    expect(await inner.recorded()).toEqual([]);
    expect(outer.errors).toEqual([]);
    expect(inner.errors).toMatchObject([
      { code: "invalid_options", issues: [{ field: "meters", given: expect.stringContaining("llm.input") }] },
    ]);
  });

  test("with other meters it is metered by both", async () => {
    const inner = metering({ meters: { inputTokens: "llm.input", totalTokens: "llm.total" } });
    const outer = metering({ meters: { inputTokens: "llm.input", outputTokens: "llm.output" } });
    const stream = partStream([...words("yes"), finish(usage(12, 30))]).stream;
    const model = wrapLanguageModel({ model: inner.streaming(stream), middleware: outer.middleware });
    expect(await streamText({ model, prompt }).text).toBe("yes");
    expect(await outer.recorded()).toEqual(["llm.input 12", "llm.output 30"]);
    expect(await inner.recorded()).toEqual(["llm.total 42"]);
  });
});

describe("generateText", () => {
  test("tokens and time, once", async () => {
    const { generating, recorded, errors, calls } = metering();
    const { text } = await generateText({ model: generating(answer(usage(12, 30))), prompt });
    expect(text).toBe("yes");
    expect(await recorded()).toEqual(ANSWERED);
    expect(errors).toEqual([]);
    expect(calls).toMatchObject([
      { kind: "generate", modelId: "mock-model-id", outcome: "answered", missing: [] },
    ]);
  });

  test("every number that a meter asks for", async () => {
    const meters = {
      totalTokens: "llm.total",
      cachedInputTokens: "llm.cached",
      reasoningTokens: "llm.reasoning",
    } as const;
    const { generating, recorded } = metering({ meters });
    await generateText({ model: generating(answer(usage(12, 30))), prompt });
    expect(await recorded()).toEqual(["llm.cached 4", "llm.reasoning 6", "llm.total 42"]);
  });

  test("each step of a loop of tools is a call", async () => {
    const { generating, recorded } = metering();
    const call: GenerateResult = {
      ...answer(usage(1, 2)),
      content: [{ type: "tool-call", toolCallId: "1", toolName: "pages", input: "{}" }],
      finishReason: { unified: "tool-calls", raw: undefined },
    };
    await generateText({
      model: generating(call, answer(usage(3, 4))),
      tools: { pages: tool({ inputSchema: z.object({}), execute: async () => 7 }) },
      stopWhen: isStepCount(3),
      prompt,
    });
    expect(await recorded()).toEqual([
      "llm.input 1",
      "llm.input 3",
      "llm.output 2",
      "llm.output 4",
      "llm.time measured",
      "llm.time measured",
    ]);
  });

  test("a failed attempt that is tried again costs nothing", async () => {
    const { middleware, recorded, calls, errors } = metering();
    let attempts = 0;
    const doGenerate = async () => {
      if (attempts++ > 0) return answer(usage(12, 30));
      throw new APICallError({
        message: "busy",
        url: "",
        requestBodyValues: {},
        statusCode: 503,
        isRetryable: true,
        responseHeaders: { "retry-after-ms": "1" },
      });
    };
    const model = wrapLanguageModel({ model: new MockLanguageModelV4({ doGenerate }), middleware });
    await generateText({ model, prompt, maxRetries: 1 });
    expect(await recorded()).toEqual(ANSWERED);
    expect(calls.map(({ outcome }) => outcome)).toEqual(["failed", "answered"]);
    expect(errors).toEqual([]);
  });

  test("aborted: the time until then, no tokens", async () => {
    const { middleware, recorded, calls, errors } = metering();
    const abort = new AbortController();
    const doGenerate = async (): Promise<GenerateResult> => {
      abort.abort();
      throw abort.signal.reason;
    };
    const model = wrapLanguageModel({ model: new MockLanguageModelV4({ doGenerate }), middleware });
    await expect(generateText({ model, prompt, abortSignal: abort.signal })).rejects.toThrow();
    expect(await recorded()).toEqual(["llm.time measured"]);
    expect(calls).toMatchObject([{ outcome: "aborted", missing: ["inputTokens", "outputTokens"] }]);
    expect(errors).toEqual([]);
  });
});

describe("what a provider reports", () => {
  test.each([undefined, Number.NaN, Number.POSITIVE_INFINITY, -1, -0.6])(
    "%d tokens are no event, and somebody is told which",
    async (tokens) => {
      const { generating, recorded, errors, calls } = metering();
      await generateText({ model: generating(answer(usage(tokens, 30))), prompt });
      expect(await recorded()).toEqual(["llm.output 30", "llm.time measured"]);
      expect(calls).toMatchObject([{ outcome: "answered", missing: ["inputTokens"] }]);
      expect(errors).toMatchObject([{ code: "invalid_event", issues: [{ field: "inputTokens" }] }]);
    },
  );

  test.each([
    [0, 0],
    [0.4, 0],
    [12.5, 13],
    [99.9999999999, 100],
  ])("%d tokens are %i", async (tokens, whole) => {
    const { generating, recorded, errors } = metering({
      meters: { inputTokens: "llm.input", totalTokens: "llm.total" },
    });
    await generateText({ model: generating(answer(usage(tokens, 0.4))), prompt });
    expect(await recorded()).toEqual([`llm.input ${whole}`, `llm.total ${whole}`]);
    expect(errors).toEqual([]);
  });
});

describe("streamText", () => {
  test("tokens and time, once, and the text as it was", async () => {
    const { streaming, recorded, errors, calls } = metering();
    const { stream } = partStream([
      ...words("one ", "two"),
      { type: "text-end", id: "1" },
      finish(usage(12, 30)),
    ]);
    const result = streamText({ model: streaming(stream), prompt });
    expect(await result.text).toBe("one two");
    expect(await recorded()).toEqual(ANSWERED);
    expect(errors).toEqual([]);
    expect(calls).toMatchObject([{ kind: "stream", outcome: "answered" }]);
  });

  test("aborted in the middle: the time until then", async () => {
    const { streaming, recorded, calls } = metering();
    const abort = new AbortController();
    const { stream } = partStream(words("one "), () => {});
    const result = streamText({ model: streaming(stream), prompt, abortSignal: abort.signal });
    const reader = result.textStream.getReader();
    await reader.read();
    abort.abort();
    await reader.read().catch(() => {});
    expect(await recorded()).toEqual(["llm.time measured"]);
    expect(calls).toMatchObject([{ outcome: "aborted", missing: ["inputTokens", "outputTokens"] }]);
  });

  test("an error in the middle: nothing, unless the provider reports what it took", async () => {
    const parts: Part[] = [...words("one "), { type: "error", error: new Error("overloaded") }];
    const silent = metering();
    await streamText({
      model: silent.streaming(partStream(parts).stream),
      prompt,
      onError: () => {},
    }).consumeStream();
    expect(await silent.recorded()).toEqual([]);
    expect(silent.calls).toMatchObject([{ outcome: "failed" }]);

    const honest = metering();
    const { stream } = partStream([...parts, finish(usage(12, 3), "error")]);
    await streamText({ model: honest.streaming(stream), prompt, onError: () => {} }).consumeStream();
    expect(await honest.recorded()).toEqual(["llm.input 12", "llm.output 3"]);
    expect(honest.calls).toMatchObject([{ outcome: "failed", missing: [] }]);
  });

  test("a reader who leaves without a word: readToEnd has the tokens all the same", async () => {
    const { client, middleware, recorded } = metering({ readToEnd: true });
    const { stream } = partStream([
      ...words(..."abcdefghijklmnopqrstuvwxyz".repeat(3)),
      finish(usage(12, 30)),
    ]);
    const model = wrapLanguageModel({
      model: new MockLanguageModelV4({ doStream: async () => ({ stream }) }),
      middleware,
    });
    const reader = streamText({ model, prompt }).textStream.getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(recorded).toEqual(ANSWERED);
    await client.close();
  });
});

describe("who is metered is found when the call begins", () => {
  test("in the caller's context, though the stream is read elsewhere", async () => {
    const { client } = metering();
    const { runWithTenant, currentMeter } = meterContext(client);
    const { streaming, transport } = metering({ client: currentMeter });
    const { stream } = partStream([...words("one"), finish(usage(12, 30))]);
    const model = streaming(stream);
    const result = await runWithTenant("t2", () => model.doStream({ prompt: [] }));
    for await (const _ of result.stream);
    await client.flush();
    expect(transport.events).toEqual([]);
    const { meters } = await client.stats();
    expect(meters["llm.input"]).toMatchObject({ recorded: 1 });
  });

  test("by the options of the call, and a call may go unmetered", async () => {
    const one = metering();
    const { generating, recorded, errors } = metering({
      client: ({ params }) =>
        params.providerOptions?.billing?.tenant === undefined
          ? undefined
          : one.client.with({ tenant_id: String(params.providerOptions.billing.tenant) }),
    });
    const model = generating(answer(usage(1, 1)), answer(usage(2, 2)));
    await generateText({ model, prompt });
    await generateText({ model, prompt, providerOptions: { billing: { tenant: "t7" } } });
    expect(await recorded()).toEqual([]);
    expect(await one.recorded()).toEqual(["llm.input 2", "llm.output 2", "llm.time measured"]);
    expect(one.transport.events.every(({ tenant_id }) => tenant_id === "t7")).toBe(true);
    expect(errors).toEqual([]);
  });
});

test("the model's name may travel along", async () => {
  const { generating, recorded, transport } = metering({ metadata: ({ modelId }) => ({ model: modelId }) });
  await generateText({ model: generating(answer(usage(1, 1))), prompt });
  expect(await recorded()).toHaveLength(3);
  expect(transport.events.map(({ metadata }) => metadata)).toEqual(Array(3).fill({ model: "mock-model-id" }));
});

test("a runtime is asked to wait once for each call, until the events are delivered", async () => {
  const kept: Promise<unknown>[] = [];
  const { generating, transport } = metering({ waitUntil: (work) => kept.push(work) });
  await generateText({ model: generating(answer(usage(1, 1))), prompt });
  expect(kept).toHaveLength(1);
  await Promise.all(kept);
  expect(transport.events).toHaveLength(3);
});

test("with readToEnd it is asked when the call begins, so that what goes on without a reader is waited for", async () => {
  const kept: Promise<unknown>[] = [];
  const { streaming, recorded } = metering({ readToEnd: true, waitUntil: (work) => kept.push(work) });
  // The end comes when the test says so, after the reader has left.
  const left = Promise.withResolvers<void>();
  const parts = [...words("yes"), finish(usage(12, 30))];
  const stream = new ReadableStream<Part>({
    pull: async (controller) => {
      const part = parts.shift();
      if (part === undefined) return controller.close();
      if (part.type === "finish") await left.promise;
      controller.enqueue(part);
    },
  });
  const reader = streamText({ model: streaming(stream), prompt }).textStream.getReader();
  await reader.read();
  expect(kept).toHaveLength(1);
  await reader.cancel();
  left.resolve();
  await Promise.all(kept);
  expect(kept).toHaveLength(1);
  expect(await recorded()).toEqual(ANSWERED);
});

describe("the call does not notice", () => {
  const fail = () => {
    throw new Error("metering's trouble");
  };
  const reject = async () => Promise.reject(new Error("metering's trouble"));
  test.each<[string, Partial<MeterLanguageModelOptions<Catalog>>, number]>([
    ["a client that is not found", { client: fail }, 0],
    ["metadata that cannot be made", { metadata: fail }, 3],
    ["a hook that throws", { onMetered: fail }, 3],
    ["a hook that rejects", { onMetered: reject }, 3],
    ["a runtime that cannot wait", { waitUntil: fail }, 3],
    ["a runtime that cannot wait and rejects", { waitUntil: reject }, 3],
  ])("%s, and somebody is told", async (_, options, events) => {
    const { generating, recorded, errors } = metering(options);
    const { text } = await generateText({ model: generating(answer(usage(1, 1))), prompt });
    expect(text).toBe("yes");
    expect(await recorded()).toHaveLength(events);
    expect(errors).toMatchObject([{ message: "metering's trouble" }]);
  });

  test("a client that is closed", async () => {
    const { client, generating, errors } = metering();
    await client.close();
    const { text } = await generateText({ model: generating(answer(usage(1, 1))), prompt });
    expect(text).toBe("yes");
    await Promise.resolve();
    expect(errors).toMatchObject([{ code: "closed" }, { code: "closed" }, { code: "closed" }]);
  });
});

test("no meter at all is a mistake in the set-up", () => {
  expect(() => metering({ meters: {} })).toThrow(expect.objectContaining({ code: "invalid_options" }));
});

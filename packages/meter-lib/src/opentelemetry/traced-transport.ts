import type { Transport } from "@meter-lib/core";
import type { Batch, Outcome, SendAnswer, SendContext } from "@meter-lib/core/transport";
import {
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";

export interface TracedTransportOptions {
  /** @default the global one */
  readonly tracerProvider?: TracerProvider | undefined;
}

/**
 * Wraps a transport with a span around each attempt: the number of events, how many were acknowledged, and the reason if
 * any was not. Spans of an instrumented `fetch` are its children. For a composed transport, the span is around the transport that sends.
 *
 * @example
 * ```ts
 * const transport = tracedTransport(fetchTransport({ baseUrl }));
 * ```
 */
export const tracedTransport = (
  transport: Transport,
  { tracerProvider = trace.getTracerProvider() }: TracedTransportOptions = {},
): Transport => traced(transport, tracerProvider.getTracer("meter-lib"), new WeakMap());

/** Returns one traced transport per transport: the engine compares destinations by identity. */
const traced = (transport: Transport, tracer: Tracer, known: WeakMap<Transport, Transport>): Transport => {
  const before = known.get(transport);
  if (before !== undefined) return before;
  // A proxy, because a transport may be an instance of a class.
  const proxy = new Proxy(transport, {
    get: (target, key) => {
      if (key === "send")
        return (batch: Batch, sendContext: SendContext) => sendInSpan(target, tracer, batch, sendContext);
      if (key === "route" && target.route !== undefined) {
        const pick: NonNullable<Transport["route"]> = target.route.bind(target);
        return (...args: Parameters<typeof pick>) => traced(pick(...args), tracer, known);
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  known.set(transport, proxy);
  return proxy;
};

const sendInSpan = async (
  transport: Transport,
  tracer: Tracer,
  batch: Batch,
  sendContext: SendContext,
): Promise<SendAnswer> => {
  const span = tracer.startSpan("meter_lib.send", {
    kind: SpanKind.CLIENT,
    attributes: {
      "meter_lib.destination": transport.name,
      "meter_lib.batch.events": batch.events.length,
    },
  });
  try {
    const answer = await context.with(trace.setSpan(context.active(), span), () =>
      transport.send(batch, sendContext),
    );
    describeAnswer(span, answer, batch.events.length);
    return answer;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    span.recordException(error instanceof Error ? error : message);
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
};

const describeAnswer = (span: Span, answer: SendAnswer, events: number): void => {
  const { fault, every } = answer;
  const outcomes = answer.outcomes ?? (every === undefined ? [] : new Array<Outcome>(events).fill(every));
  if (fault !== undefined) {
    span.setAttribute("meter_lib.fault", fault.kind);
    span.setStatus({ code: SpanStatusCode.ERROR, message: fault.reason });
    return;
  }
  const failed = outcomes.filter((outcome) => outcome.state !== "acknowledged");
  span.setAttribute("meter_lib.batch.acknowledged", outcomes.length - failed.length);
  const [first] = failed;
  if (first !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: first.reason });
};

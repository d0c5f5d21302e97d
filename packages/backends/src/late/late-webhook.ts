import { type LateRejections, type LateReport, type Refuter, refuteLate } from "./refuter.ts";
import { memoryReplayGuard, type ReplayGuard } from "./replay-guard.ts";

export interface LateWebhookOptions {
  /** The client of the events. */
  readonly client: Refuter;
  /** Remembers deliveries. @default memoryReplayGuard() */
  readonly replayGuard?: ReplayGuard | undefined;
  /** Called for each delivery, including what could not be resolved. If it throws or rejects, the delivery is not affected. */
  readonly onReport?: ((report: LateReport) => void) | undefined;
}

/** A web standard handler, for any server that supports one. */
export type WebhookHandler = (request: Request) => Promise<Response>;

/** Returns the content of a delivery whose signature is valid; undefined for another kind of delivery. */
export interface Delivery {
  /** The same for a repeated delivery. */
  readonly key: string;
  readonly rejections: LateRejections | undefined;
}

/** Why a delivery is refused: it is not the backend's, or it cannot be read. */
export class DeliveryRefused extends Error {
  readonly status: 400 | 401;

  constructor(status: 400 | 401, message: string) {
    super(message);
    this.status = status;
  }
}

const LONGEST_BODY = 4 * 1024 * 1024;

/**
 * A webhook that takes acknowledgements back. Responds with 200 once everything is stored, with 503 for events still in flight here, and
 * with 500 if the outbox fails, so that the backend delivers again.
 *
 * @param read - checks the signature and parses the body; throws `DeliveryRefused`
 */
export const lateWebhook = (
  backend: string,
  { client, replayGuard = memoryReplayGuard(), onReport }: LateWebhookOptions,
  read: (body: string, headers: Headers) => Promise<Delivery>,
): WebhookHandler => {
  const deal = async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return answer(405, { error: "expected POST" });
    if (Number(request.headers.get("content-length")) > LONGEST_BODY) return answer(413, TOO_LONG);
    const body = await request.text();
    if (body.length > LONGEST_BODY) return answer(413, TOO_LONG);
    const { key, rejections } = await read(body, request.headers);
    if (await replayGuard.has(key)) return answer(200, { replayed: true });
    if (rejections === undefined) return answer(200, { ignored: true });
    const report = await refuteLate(client, backend, rejections);
    // A hook that throws or rejects must not fail the delivery.
    void (async () => onReport?.(report))().catch(() => {});
    if (report.waiting > 0) return answer(503, report, { "retry-after": "60" });
    await replayGuard.add(key);
    return answer(200, report);
  };
  return async (request) => {
    try {
      return await deal(request);
    } catch (error) {
      return error instanceof DeliveryRefused
        ? answer(error.status, { error: error.message })
        : answer(500, { error: "the delivery could not be processed" });
    }
  };
};

const TOO_LONG = { error: `expected at most ${LONGEST_BODY} characters` };

const answer = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });

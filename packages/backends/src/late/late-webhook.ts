import { type LateRejections, type LateReport, type Refuter, refuteLate } from "./refuter.ts";
import { memoryReplayGuard, type ReplayGuard } from "./replay-guard.ts";

export interface LateWebhookOptions {
  /** The client whose events they are. */
  readonly client: Refuter;
  /** Remembers deliveries. @default memoryReplayGuard() */
  readonly replayGuard?: ReplayGuard | undefined;
  /** Told of each delivery: of what could not be resolved, too. A handler that throws breaks nothing. */
  readonly onReport?: ((report: LateReport) => void) | undefined;
}

/** A web standard handler, for any server that has one. */
export type WebhookHandler = (request: Request) => Promise<Response>;

/** What a delivery is, once its signature is good; undefined for one of another kind. */
export interface Delivery {
  /** The same for a delivery that comes again. */
  readonly key: string;
  readonly rejections: LateRejections | undefined;
}

/** Why a delivery is not taken: it is not the backend's, or it cannot be read. */
export class DeliveryRefused extends Error {
  readonly status: 400 | 401;

  constructor(status: 400 | 401, message: string) {
    super(message);
    this.status = status;
  }
}

const LONGEST_BODY = 4 * 1024 * 1024;

/**
 * A webhook that takes acknowledgements back. It answers 200 once all is stored; 503 for events that are still on their way here, and 500
 * where the outbox fails, so that the backend delivers again.
 *
 * @param read - checks the signature and reads the body; throws `DeliveryRefused`
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
    try {
      onReport?.(report);
    } catch {
      // The handler's trouble is not the delivery's.
    }
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
        : answer(500, { error: "the delivery could not be dealt with" });
    }
  };
};

const TOO_LONG = { error: `expected at most ${LONGEST_BODY} characters` };

const answer = (status: number, body: object, headers: Record<string, string> = {}): Response =>
  Response.json(body, { status, headers });

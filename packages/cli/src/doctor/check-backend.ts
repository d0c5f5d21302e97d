import type { Connection } from "meter-lib";
import type { Finding } from "./finding.ts";

const TIMEOUT_MS = 10_000;
const SKEW_MS = 60_000;

const DIALECTS = {
  events: { path: "/api/v1/events", type: "application/json", body: "{}" },
  "kafka-rest": {
    path: "/topics/usage-events",
    type: "application/vnd.kafka.json.v2+json",
    body: '{"records":[]}',
  },
} as const;

/**
 * Sends the backend a request without events: any response other than 404 or 405 shows that the path exists. Returns findings about
 * connection, dialect and clock.
 */
export const checkBackend = async (
  { baseUrl, dialect }: Connection,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  const { path, type, body } = DIALECTS[dialect];
  const url = String(baseUrl).replace(/\/$/, "") + path;
  const sentAt = Date.now();
  let answer: Response;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": type, accept: "*/*" },
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
  } catch (error) {
    signal.throwIfAborted();
    return [
      {
        check: "backend",
        state: "bad",
        found: `no response from ${url}: ${reasonOf(error)}`,
        advice: "check --base-url, the network and any proxy",
      },
    ];
  }
  const ms = Date.now() - sentAt;
  return [
    { check: "backend", state: "good", found: `${url} responds in ${ms} ms` },
    dialectFinding(answer.status, dialect),
    clockFinding(answer.headers.get("date"), sentAt + ms / 2),
  ];
};

const dialectFinding = (status: number, dialect: Connection["dialect"]): Finding => {
  const other = dialect === "events" ? "kafka-rest" : "events";
  const good = (found: string): Finding => ({ check: "dialect", state: "good", found });
  if (status === 400 || status === 422) return good(`${dialect}: an empty request is refused (${status})`);
  if (status >= 200 && status < 300) return good(`${dialect}: an empty request is accepted (${status})`);
  const bad = (found: string, advice: string): Finding => ({ check: "dialect", state: "bad", found, advice });
  if (status === 404 || status === 405)
    return bad(
      `nothing here speaks ${dialect} (${status})`,
      `check the path of --base-url, or --dialect ${other}`,
    );
  if (status === 401 || status === 403)
    return bad(`events are refused without credentials (${status})`, "ask the operator of the backend");
  if (status >= 300 && status < 400)
    return bad(
      `the backend redirects (${status}); redirects are not followed`,
      "set --base-url to the target of the redirect",
    );
  return {
    check: "dialect",
    state: "unknown",
    found: `the backend responds with ${status}`,
    advice: "try again later, or ask its operator",
  };
};

const clockFinding = (date: string | null, now: number): Finding => {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs))
    return { check: "clock", state: "unknown", found: "the backend does not report its time" };
  const skew = now - theirs;
  const seconds = Math.round(Math.abs(skew) / 1000);
  // The header has whole seconds.
  if (Math.abs(skew) < SKEW_MS)
    return { check: "clock", state: "good", found: "this clock and the backend's clock agree" };
  return {
    check: "clock",
    state: "bad",
    found: `this clock is ${seconds} s ${skew > 0 ? "ahead of" : "behind"} the backend's`,
    advice: "synchronize the clock (NTP), or events count in the wrong hour",
  };
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
};

import process from "node:process";
import { MeterError } from "@meter-lib/core/transport";
import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";
import type { HttpSend } from "./http-send.ts";
import { UndiciAnswer } from "./undici-answer.ts";

export interface UndiciSendOptions {
  /** Most connections to the receiver. @default 64 */
  readonly connections?: number;
  /** Anything else of undici's `Agent`: TLS, timeouts, interceptors. */
  readonly agent?: Omit<Agent.Options, "connections">;
  /**
   * Used instead of an agent made of the options above: `new ProxyAgent(…)`, or one that is shared with other code. It is not closed.
   * @default an `Agent`; with `NODE_USE_ENV_PROXY=1` or `--use-env-proxy` one that goes through HTTP_PROXY and HTTPS_PROXY, as Node's fetch does
   */
  readonly dispatcher?: Dispatcher;
}

interface Target {
  readonly url: string;
  readonly origin: string;
  readonly path: string;
}

/**
 * Sends with undici on Node, without the layers of `fetch` and of its streams: several times as many requests a second. For the
 * option `send` of `fetchTransport` where one event is one request. It knows whether a request that failed had begun: what fails
 * before (a proxy, a handshake, a connection that does not come) leaves nothing unsure.
 *
 * @throws MeterError `invalid_options` for a dispatcher together with other options, and on Bun, whose `undici` is one in name alone
 */
export const undiciSend = (options: UndiciSendOptions = {}): HttpSend => {
  const dispatcher = dispatcherOf(options);
  if (typeof dispatcher.dispatch !== "function")
    throw new MeterError(
      "invalid_options",
      "undiciSend() needs undici, which this runtime does not have: leave out `send`",
    );
  // A transport has one address.
  let target: Target | undefined;
  return ({ url, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      if (target?.url !== url) target = targetOf(url);
      const { origin, path } = target;
      const answer = new UndiciAnswer(signal, resolve, reject);
      try {
        dispatcher.dispatch(
          { origin, path, method: "POST", headers: { "accept-encoding": "identity", ...headers }, body },
          answer,
        );
      } catch (error) {
        answer.onResponseError(undefined, error);
      }
    });
};

const dispatcherOf = ({ connections, agent, dispatcher }: UndiciSendOptions): Dispatcher => {
  if (dispatcher === undefined) {
    const options = { ...agent, connections: connections ?? 64 };
    if (!usesProxyOfEnvironment()) return new Agent(options);
    // Through a tunnel the receiver's TLS has an option of its own.
    const connect = agent?.connect;
    return new EnvHttpProxyAgent(typeof connect === "object" ? { ...options, requestTls: connect } : options);
  }
  const field = connections !== undefined ? "connections" : agent !== undefined ? "agent" : undefined;
  if (field === undefined) return dispatcher;
  throw MeterError.fromIssues("invalid_options", [
    {
      field,
      given: "a value beside a dispatcher",
      expected: "nothing: the dispatcher has options of its own",
    },
  ]);
};

const usesProxyOfEnvironment = (): boolean =>
  process.env.NODE_USE_ENV_PROXY === "1" || process.execArgv.includes("--use-env-proxy");

const targetOf = (url: string): Target => {
  const { origin, pathname } = new URL(url);
  return { url, origin, path: pathname };
};

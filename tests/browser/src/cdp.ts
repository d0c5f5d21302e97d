interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * A connection to Chromium's DevTools protocol (https://chromedevtools.github.io/devtools-protocol/). Nothing more than that: drivers
 * for tests make every page believe that it is visible and has the focus, and these tests are about pages that are not.
 */
export interface Cdp {
  send(method: string, params?: Fields, sessionId?: string): Promise<Fields>;
  /** Resolves with the parameters of the next event of that name in the session. */
  next(method: string, sessionId: string): Promise<Fields>;
  close(): void;
}

export const connectCdp = async (endpoint: string): Promise<Cdp> => {
  const socket = new WebSocket(endpoint);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`no connection to ${endpoint}`)), { once: true });
  });
  let lastId = 0;
  const calls = new Map<number, PromiseWithResolvers<Fields>>();
  const waiting: { readonly name: string; readonly resolve: (params: Fields) => void }[] = [];
  const nameOf = (method: string, sessionId: string | undefined) => `${sessionId} ${method}`;

  socket.addEventListener("message", ({ data }) => {
    const { id, method = "", sessionId, params = {}, result = {}, error } = JSON.parse(String(data)) as Reply;
    if (id === undefined) {
      const name = nameOf(method, sessionId);
      for (const [index, waiter] of [...waiting.entries()].reverse()) {
        if (waiter.name === name) waiting.splice(index, 1)[0]?.resolve(params);
      }
      return;
    }
    const call = calls.get(id);
    calls.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  });
  socket.addEventListener("close", () => {
    for (const call of calls.values()) call.reject(new Error("the browser is gone"));
    calls.clear();
  });

  return {
    send: (method, params = {}, sessionId) => {
      const call = Promise.withResolvers<Fields>();
      lastId++;
      calls.set(lastId, call);
      if (socket.readyState === WebSocket.OPEN) {
        socket.send(JSON.stringify({ id: lastId, method, params, sessionId }));
      } else {
        call.reject(new Error("the browser is gone"));
      }
      return call.promise;
    },
    next: (method, sessionId) =>
      new Promise((resolve) => waiting.push({ name: nameOf(method, sessionId), resolve })),
    close: () => socket.close(),
  };
};

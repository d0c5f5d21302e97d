/** A token, or a function that returns one: called at the start, and again when the relay refuses its token. */
export type TokenSource = string | (() => string | Promise<string>);

export interface PageToken {
  /** Returns the token if it is known, or else a promise for it. */
  get(): string | Promise<string>;
  refresh(): Promise<string>;
}

/** Keeps the token ready, because a closing page has no time to fetch one. */
export const pageToken = (source: TokenSource): PageToken => {
  let known: string | undefined;
  let asking: Promise<string> | undefined;

  const ask = async () => {
    if (typeof source === "string")
      throw new Error("the relay refused the token, and `token` is not a function");
    const token = await source();
    if (typeof token !== "string" || token === "") throw new Error("the token function returned no text");
    known = token;
    return token;
  };
  const refresh = () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };

  if (typeof source === "string") known = source;
  // Pages and workers have a place; a server that renders one asks for nothing. Whoever sends hears of the failure.
  else if ("location" in globalThis) refresh().catch(() => {});
  return { get: () => known ?? refresh(), refresh };
};

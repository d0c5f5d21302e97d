/** A token, or a function that gets one: called at the start, and again when the relay refuses the last one. */
export type TokenSource = string | (() => string | Promise<string>);

export interface PageToken {
  /** The token if it is here, else the promise of one. */
  get(): string | Promise<string>;
  refresh(): Promise<string>;
}

/** Keeps the token at hand: a page that closes has no time to ask for one. */
export const pageToken = (source: TokenSource): PageToken => {
  let known: string | undefined;
  let asking: Promise<string> | undefined;

  const ask = async () => {
    if (typeof source === "string") throw new Error("the only token was refused");
    const token = await source();
    if (typeof token !== "string" || token === "") throw new Error("no text was given");
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

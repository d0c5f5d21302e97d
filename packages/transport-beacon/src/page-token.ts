/** A token, or a function that gets one: called at the start, and again when the relay refuses the last one. */
export type TokenSource = string | (() => string | Promise<string>);

/** Keeps the token at hand: a page that closes has no time to ask for one. */
export class PageToken {
  readonly #source: TokenSource;
  #known: string | undefined;
  #asking: Promise<string> | undefined;

  constructor(source: TokenSource) {
    this.#source = source;
    if (typeof source === "string") this.#known = source;
    // Whoever sends hears of the failure; here it only must not go unhandled.
    else this.refresh().catch(() => {});
  }

  /** The token if it is here, else the promise of one. */
  get(): string | Promise<string> {
    return this.#known ?? this.refresh();
  }

  refresh(): Promise<string> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<string> {
    const source = this.#source;
    if (typeof source === "string") throw new Error("the relay refused the token, and there is no other");
    const answer = source();
    const token = typeof answer === "string" ? answer : await answer;
    if (typeof token !== "string" || token === "") throw new Error("the token function gave no token");
    this.#known = token;
    return token;
  }
}

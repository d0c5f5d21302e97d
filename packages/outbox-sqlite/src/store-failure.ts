/**
 * Why the store did not do something:
 * - `full`: no room on the disk
 * - `busy`: another process kept the file locked
 * - `readonly`: the file cannot be written
 * - `corrupt`: the file is damaged
 * - `foreign`: not a file of ours, or one of a newer, incompatible version
 * - `taken`: another outbox took over what this one wanted to send
 * - `io`: anything else
 */
export type StoreFailureKind = "full" | "busy" | "readonly" | "corrupt" | "foreign" | "taken" | "io";

/** A failure of the store, in a form that crosses threads. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly kind: StoreFailureKind;

  constructor(kind: StoreFailureKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** By SQLite's primary result code: https://www.sqlite.org/rescode.html */
const KINDS: ReadonlyMap<number, StoreFailureKind> = new Map([
  [5, "busy"],
  [6, "busy"],
  [8, "readonly"],
  [11, "corrupt"],
  [13, "full"],
  [26, "corrupt"],
]);

/** SQLite's primary result code of an error, if it is SQLite's. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;

/** Any error as a {@link StoreFailure}. */
export const storeFailure = (error: unknown): StoreFailure => {
  if (error instanceof StoreFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = resultCode(error);
  if (code !== undefined) return new StoreFailure(KINDS.get(code) ?? "io", `${message} (SQLite ${code})`);
  const kind = error instanceof Error && "code" in error && error.code === "ENOSPC" ? "full" : "io";
  return new StoreFailure(kind, message);
};

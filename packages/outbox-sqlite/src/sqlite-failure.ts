import { MeterError, type MeterErrorCode } from "@meter-lib/core/store";

// SQLite's primary result codes: https://www.sqlite.org/rescode.html
export const BUSY = 5;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

const WORDS: ReadonlyMap<number, string> = new Map([
  [BUSY, "another process keeps the file locked"],
  [8, "the file cannot be written"],
  [CORRUPT, "the file is damaged; if it cannot be reopened, it is set aside"],
  [FULL, "no room on the disk"],
]);

/** Returns SQLite's primary result code, if the error is SQLite's. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;

/** The result of a file check, in SQLite's words. */
export class DamageFound extends Error {
  override readonly name = "DamageFound";
}

export const isDamage = (error: unknown): boolean =>
  error instanceof DamageFound || resultCode(error) === CORRUPT;

export const isNoDatabase = (error: unknown): boolean => resultCode(error) === NOT_A_DATABASE;

/** Whether a COMMIT that failed this way may have reached the disk: its WAL was written, and the rest is unknown. */
export const mayHaveCommitted = (error: unknown): boolean => resultCode(error) === IO_ERROR;

/** Converts a file error to an error of the outbox; returns other errors unchanged. */
export const storeError = (error: unknown, name: string): unknown => {
  if (!(error instanceof Error) || error instanceof MeterError) return error;
  const code = resultCode(error);
  const systemCode = "code" in error ? error.code : undefined;
  if (code === undefined && systemCode === undefined && !isDamage(error)) return error;
  const words = [
    name,
    code === undefined ? undefined : WORDS.get(code),
    code === undefined ? error.message : `${error.message} (SQLite ${code})`,
  ];
  const kind: MeterErrorCode = code === FULL || systemCode === "ENOSPC" ? "no_room" : "outbox_failed";
  return new MeterError(kind, words.filter((word) => word !== undefined).join(": "), { cause: error });
};

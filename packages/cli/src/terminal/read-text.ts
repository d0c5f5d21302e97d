import { createReadStream } from "node:fs";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";

// Each piece is parsed at once: small pieces keep few rows in memory.
const CHUNK_BYTES = 64 * 1024;

/**
 * Reads the text of a file piece by piece. Rejects a file that is not UTF-8: names and ids would be misread, and billed that way.
 *
 * @param onBytes - called with the bytes read so far
 */
export async function* readText(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new CliError(EXIT.data, `${file}: expected UTF-8, got other bytes after byte ${bytes}`, {
        cause: error,
      });
    }
  };
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const text = decode(chunk);
    bytes += chunk.length;
    onBytes(bytes);
    yield text;
  }
  yield decode();
}

/** Reads the whole text of a file; see {@link readText}. */
export const readWholeText = async (file: string): Promise<string> => {
  let text = "";
  for await (const piece of readText(file)) text += piece;
  return text;
};

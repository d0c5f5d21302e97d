import { once } from "node:events";
import type { WriteStream } from "node:tty";
import type { Output } from "./io.ts";
import { wantsColour } from "./wants-colour.ts";

const DEFAULT_COLUMNS = 80;

/** Standard output or standard error. Colours are decided at the start; the width is read every time. */
export const processOutput = (
  stream: WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Output => {
  const isTTY = stream.isTTY === true && env.TERM !== "dumb";
  return {
    isTTY,
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS;
    },
    coloured: wantsColour(isTTY, env),
    write: async (text) => {
      // A closed reader (`| head`) ends the process elsewhere; do not wait for it here.
      if (!stream.write(text) && !stream.destroyed)
        await Promise.race([once(stream, "drain"), once(stream, "close")]);
    },
  };
};

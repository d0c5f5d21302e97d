import { runMeter } from "../run-meter.ts";

/** Runs the command in this process, on a simulated terminal with or without colours. */
export const runHere = async (
  args: readonly string[],
  { coloured = false }: { readonly coloured?: boolean } = {},
): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> => {
  const text = { stdout: "", stderr: "" };
  const output = (name: keyof typeof text) => ({
    isTTY: false,
    columns: 100,
    coloured,
    write: async (part: string) => {
      text[name] += part;
    },
  });
  const exit = await runMeter(args, {
    stdout: output("stdout"),
    stderr: output("stderr"),
    signal: new AbortController().signal,
  });
  return { exit, ...text };
};

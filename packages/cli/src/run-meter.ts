import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Invoke } from "./invoke.ts";
import { createProgram } from "./program.ts";
import type { Io } from "./terminal/io.ts";
import { printable } from "./terminal/printable.ts";

/**
 * The whole program.
 *
 * @param args - without the names of runtime and script
 * @param world - all that it may touch; `json` comes from the arguments
 * @returns the exit code
 */
export const runMeter = async (args: readonly string[], world: Omit<Io, "json">): Promise<ExitCode> => {
  let exit: ExitCode = EXIT.done;
  let json = args.includes("--json");
  const invoke: Invoke = async (command, work) => {
    json = command.optsWithGlobals().json === true;
    const io: Io = { ...world, json };
    const report = await work(io);
    exit = report.exit;
    if (json && report.data !== undefined)
      await world.stdout.write(`${JSON.stringify(report.data, undefined, 2)}\n`);
    if (!json && report.text !== "") await world.stdout.write(`${report.text}\n`);
  };
  try {
    await createProgram(invoke, { ...world, json }).parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    // The parser has said what it has to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { describeError } = await import("./describe-error.ts");
    const { stack, ...told } = describeError(error);
    const { paint } = world.stderr;
    const text = json
      ? JSON.stringify({ error: told })
      : `${paint.bad("error")}: ${told.message.split("\n").map(printable).join("\n")}${told.exit === EXIT.usage ? "\nTry --help." : ""}`;
    await world.stderr.write(`${text}\n`);
    if (stack !== undefined && !json) await world.stderr.write(`${paint.dim(stack)}\n`);
    return told.exit;
  }
};

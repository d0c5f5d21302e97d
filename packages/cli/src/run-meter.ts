import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./errors/exit-code.ts";
import type { Invoke } from "./invoke.ts";
import { createProgram } from "./program.ts";
import type { Io } from "./terminal/io.ts";
import { bad, dim } from "./terminal/line.ts";
import { printJson, printLines } from "./terminal/print.ts";

/**
 * Runs the whole program.
 *
 * @param args - without the names of runtime and script
 * @param world - its only access to the outside; `json` comes from the arguments
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
    if (!json) await printLines(world.stdout, report.lines);
    else if (report.data !== undefined) await printJson(world.stdout, report.data, 2);
  };
  try {
    const program = await createProgram(args, invoke, { ...world, json });
    await program.parseAsync([...args], { from: "user" });
    return exit;
  } catch (error) {
    // The parser has printed its message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { describeError } = await import("./errors/describe-error.ts");
    const { code, lines, stack = "", exit: fault } = describeError(error);
    if (json) {
      await printJson(world.stderr, { error: { exit: fault, code, message: lines.join("\n") } });
      return fault;
    }
    const [first = "", ...others] = lines;
    await printLines(world.stderr, [
      [bad("error"), `: ${first}`],
      ...others,
      ...(fault === EXIT.usage ? ["Try --help."] : []),
      ...(stack === "" ? [] : stack.split("\n").map(dim)),
    ]);
    return fault;
  }
};

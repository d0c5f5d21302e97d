import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { COMMANDS, COMPLETE, type CommandEntry } from "./command-table.ts";
import { EXIT, EXIT_MEANINGS } from "./errors/exit-code.ts";
import type { Invoke } from "./invoke.ts";
import type { Io, Output } from "./terminal/io.ts";
import { bad, bold, renderLine } from "./terminal/line.ts";
import { printJson, printLines } from "./terminal/print.ts";

const exitTable = (): string =>
  Object.entries(EXIT_MEANINGS)
    .map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`)
    .join("\n");

/**
 * Builds the program, with every command that `words` name in full. For the others, the table is enough for help.
 *
 * @param words - the arguments of the program
 */
export const createProgram = async (
  words: readonly string[],
  invoke: Invoke,
  { stdout, stderr, json }: Io,
): Promise<Command> => {
  const named = new Set(words);
  const program: Command = new Command("meter")
    .description("Records usage and reports it to a billing backend.")
    .version(manifest.version, "-v, --version", "show the version")
    .option("--json", "print results as JSON on standard output, errors as JSON on standard error")
    .commandsGroup("Other:")
    .helpCommand("help [command]", "show help")
    .addHelpText(
      "after",
      `
Examples:
  $ meter sandbox --port 8099 --tenant tenant_123=cust_001
  $ export METER_LIB_BASE_URL=http://127.0.0.1:8099
  $ meter send --tenant tenant_123 --device us-east-ing1 --meter page.processed.basic --usage 24

Exit codes:
${exitTable()}`,
    );
  for (const [heading, entries] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading);
    for (const entry of entries) program.addCommand(await commandOf(entry, named, invoke));
  }
  program.addCommand(await commandOf(COMPLETE, named, invoke), { hidden: true });
  for (const command of withDescendants(program)) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .configureOutput({
        writeOut: (text) => void stdout.write(text),
        writeErr: (text) => void stderr.write(text),
        outputError: (text) => void printError(stderr, text, json),
        getOutHelpWidth: () => stdout.columns,
        getErrHelpWidth: () => stderr.columns,
        getOutHasColors: () => true,
        getErrHasColors: () => true,
      })
      .configureHelp({
        showGlobalOptions: true,
        styleTitle: (text) => renderLine(bold(text), stdout.coloured),
      });
  }
  return program;
};

/** Converts an error of the argument parser. */
const printError = (output: Output, text: string, json: boolean): Promise<void> => {
  const message = text.replace(/^error: /, "").trimEnd();
  if (json) return printJson(output, { error: { exit: EXIT.usage, code: "cli", message } });
  const [first = "", ...others] = message.split("\n");
  return printLines(output, [[bad("error"), `: ${first}`], ...others, "Try --help."]);
};

const commandOf = async (
  { name, description, load, commands = [] }: CommandEntry,
  named: ReadonlySet<string>,
  invoke: Invoke,
): Promise<Command> => {
  const command = new Command(name).description(description);
  for (const entry of commands) command.addCommand(await commandOf(entry, named, invoke));
  return named.has(name) && load !== undefined ? (await load())(command, invoke) : command;
};

const withDescendants = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withDescendants),
];

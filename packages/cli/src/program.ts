import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { catalogCommand } from "./arguments/catalog.ts";
import { completeCommand } from "./arguments/complete.ts";
import { completionCommand } from "./arguments/completion.ts";
import { doctorCommand } from "./arguments/doctor.ts";
import { importCommand } from "./arguments/import.ts";
import { outboxCommand } from "./arguments/outbox.ts";
import { reconcileCommand } from "./arguments/reconcile.ts";
import { sandboxCommand } from "./arguments/sandbox.ts";
import { sendCommand } from "./arguments/send.ts";
import { sessionCommand } from "./arguments/session.ts";
import { tailCommand } from "./arguments/tail.ts";
import { EXIT, EXIT_MEANINGS } from "./exit-code.ts";
import type { Invoke } from "./invoke.ts";
import type { Io, Output } from "./terminal/io.ts";
import { bad, bold, renderLine } from "./terminal/line.ts";
import { printJson, printLines } from "./terminal/print.ts";

const exitTable = (): string =>
  Object.entries(EXIT_MEANINGS)
    .map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`)
    .join("\n");

/** All commands. The parser knows flags and arguments, nothing else. */
export const createProgram = (invoke: Invoke, { stdout, stderr, json }: Io): Command => {
  const program: Command = new Command("meter")
    .description("Tells a billing backend what customers used.")
    .version(manifest.version, "-v, --version", "show the version")
    .option("--json", "results for programs: JSON on standard output, errors as JSON on standard error")
    .commandsGroup("Send:")
    .addCommand(sendCommand(invoke))
    .addCommand(sessionCommand(invoke))
    .addCommand(importCommand(invoke))
    .commandsGroup("Look and check:")
    .addCommand(doctorCommand(invoke))
    .addCommand(tailCommand(invoke))
    .addCommand(reconcileCommand(invoke))
    .addCommand(outboxCommand(invoke))
    .addCommand(catalogCommand(invoke))
    .commandsGroup("Other:")
    .helpCommand("help [command]", "show help")
    .addCommand(sandboxCommand(invoke))
    .addCommand(completionCommand(invoke))
    .addCommand(
      completeCommand(invoke, () => program),
      { hidden: true },
    )
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

/** What the parser has against the arguments. */
const printError = (output: Output, text: string, json: boolean): Promise<void> => {
  const message = text.replace(/^error: /, "").trimEnd();
  if (json) return printJson(output, { error: { exit: EXIT.usage, code: "cli", message } });
  const [first = "", ...others] = message.split("\n");
  return printLines(output, [[bad("error"), `: ${first}`], ...others, "Try --help."]);
};

const withDescendants = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withDescendants),
];

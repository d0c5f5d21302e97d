// `typescript-6.ts -p PROJECT` prints the errors in a project's own files as `tsc6 --pretty false` would. It leaves out the files that they
// import: to check those, too, takes twice as long.
import { parseArgs } from "node:util";
import ts from "typescript";

const { values } = parseArgs({ options: { project: { type: "string", short: "p" } }, strict: false });
const host: ts.ParseConfigFileHost = {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
    throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n"));
  },
};
const config = ts.getParsedCommandLineOfConfigFile(String(values.project), {}, host);
if (config === undefined) throw new Error(`expected a project, got ${values.project}`);
const program = ts.createProgram(config.fileNames, config.options);
const errors = [
  ...config.errors,
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...config.fileNames.flatMap((name) => {
    const file = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  }),
];
process.stdout.write(
  ts.formatDiagnostics(errors, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => process.cwd(),
    getNewLine: () => "\n",
  }),
);
if (errors.length > 0) process.exitCode = 2;

import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createTransformerFactory, rendererRich } from "@shikijs/twoslash/core";
import { createTwoslasher, type TwoslashFunction } from "twoslash";
import ts from "typescript";

const docs = resolve(fileURLToPath(new URL("..", import.meta.url)));
// The package `typescript` of the workspace re-exports another one, which holds the types of the language.
const compiler = createRequire(createRequire(import.meta.url).resolve("typescript")).resolve(
  "@typescript/old",
);

const twoslasher = createTwoslasher({
  vfsRoot: docs,
  tsLibDirectory: dirname(compiler),
  compilerOptions: ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(docs, "tsconfig.json"), ts.sys.readFile).config,
    ts.sys,
    docs,
  ).options,
});

/** Fails also if an error announced with `@errors` does not occur. */
const compile: TwoslashFunction = (code, ...rest) => {
  const result = twoslasher(code, ...rest);
  const announced = /^\/\/ @errors: (.*)$/m.exec(code)?.[1]?.split(" ") ?? [];
  const missing = announced.filter((number) => result.errors.every((error) => String(error.code) !== number));
  if (missing.length > 0)
    throw new Error(`The compiler does not report TS${missing.join(", TS")} for:\n${code}`);
  return result;
};

/** Compiles the code blocks marked `ts twoslash`, and shows the compiler's errors below their lines. */
export const compiledCode = createTransformerFactory(
  compile,
  rendererRich({ errorRendering: "line" }),
)({ explicitTrigger: true });

import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, compilers, diagnosticsIn } from "./compiler.ts";

// `@ts-expect-error: text` in a `*.test-d.ts` file says that the next line is an error whose message holds the text.
// With `(with strictNullChecks)` before the colon, it is one only there.
// The compiler's own directive knows only "some error", so copies without it are compiled and the messages compared.

const core = resolve(import.meta.dirname, "../../packages/core");
const sources = globSync("src/**/*.test-d.ts", { cwd: core }).map((path) => join(core, path));

const settings = {
  "as strict as this repository": { strict: true },
  strict: { strict: true, exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false },
  "not strict": { exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false, strict: false },
};

const DIRECTIVE = /@ts-expect-error(?<strictOnly> \(with strictNullChecks\))?: (?<text>.*)$/;

interface Expectation {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const expectationsOf = (source: string, strict: boolean): Expectation[] =>
  readFileSync(source, "utf8")
    .split("\n")
    .flatMap((content, index) => {
      const { text, strictOnly } = DIRECTIVE.exec(content)?.groups ?? {};
      if (text === undefined || (strictOnly !== undefined && !strict)) return [];
      // Lines count from 1, and the error is on the line after.
      return [{ file: basename(source), line: index + 2, text }];
    });

const copyOf = (source: string): string =>
  readFileSync(source, "utf8")
    .replaceAll("@ts-expect-error", "expected")
    .replaceAll(/from "(\.[^"]+)"/g, (_, path: string) => `from "${resolve(dirname(source), path)}"`);

const [typescript6, typescript7] = compilers;
const checkers = [{ ...typescript6, script: join(import.meta.dirname, "typescript-6.ts") }, typescript7];

describe.each(checkers)("$name", (compiler) => {
  describe.each(Object.entries(settings))("%s", (_, compilerOptions) => {
    let folder = "";

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "meter-lib-types-"));
      symlinkSync(join(core, "node_modules"), join(folder, "node_modules"));
      const project = { extends: join(core, "tsconfig.json"), compilerOptions, include: ["*.ts"] };
      writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
      for (const source of sources) writeFileSync(join(folder, basename(source)), copyOf(source));
    });

    afterAll(() => rmSync(folder, { recursive: true }));

    test("every call compiles, or fails with the message it should", async () => {
      const expectations = sources.flatMap((source) => expectationsOf(source, compilerOptions.strict));
      const names = new Set(sources.map((source) => basename(source)));
      const output = await compile(compiler, join(folder, "tsconfig.json"));
      const found = diagnosticsIn(output).filter(({ file }) => file === "" || names.has(basename(file)));

      const missed = expectations
        .map(({ file, line, text }) => {
          const errors = found.filter((error) => basename(error.file) === file && error.line === line);
          return { file, line, text, instead: errors.map(({ message }) => message) };
        })
        .filter(({ text, instead }) => !instead.some((message) => message.includes(text)));
      const unexpected = found.filter(
        (error) =>
          !expectations.some(({ file, line }) => basename(error.file) === file && error.line === line),
      );
      expect(expectations.length).toBeGreaterThan(0);
      expect({ missed, unexpected }).toEqual({ missed: [], unexpected: [] });
    });
  });
});

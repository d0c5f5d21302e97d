import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "../../packages/core/src");
const FILE = join(folder, "editor.ts");
const registry = ts.createDocumentRegistry();

/** What an editor says about a program, in which `/**` + `/` marks the cursor. */
const editor = (program: string) => {
  const text = `import { litewaveCatalog, type MeterClient } from "./index.ts";
declare const client: MeterClient;
const bound = client.with({ tenant_id: "tenant_123", device_id: "us-east-ing1" });
${program}`;
  const at = text.indexOf("/**/");
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2024.d.ts"],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    types: [],
    allowImportingTsExtensions: true,
  };
  const read = (path: string) => (path === FILE ? text : ts.sys.readFile(path));
  const service = ts.createLanguageService(
    {
      getScriptFileNames: () => [FILE],
      getScriptVersion: (path) => (path === FILE ? program : "1"),
      getScriptSnapshot: (path) => {
        const content = read(path);
        return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
      },
      getCurrentDirectory: () => folder,
      getCompilationSettings: () => options,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => path === FILE || ts.sys.fileExists(path),
      readFile: read,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    },
    registry,
  );
  return {
    /** What it offers at the cursor. */
    completions: () =>
      service
        .getCompletionsAtPosition(FILE, at, {})
        ?.entries.map(({ name }) => name)
        .sort(),
    /** What it shows over the name before the cursor. */
    hover: () => {
      const info = service.getQuickInfoAtPosition(FILE, at - 1);
      return {
        type: ts.displayPartsToString(info?.displayParts),
        text: ts.displayPartsToString(info?.documentation),
      };
    },
  };
};

const OPTIONAL = ["device_id", "event_id", "event_time", "metadata", "session_id", "tenant_id"];

test.each([
  ["page.processed.basic", ["total_usage"]],
  ["chat.on.time_hours", ["end_time", "start_time"]],
])("completion offers the fields of the meter, and none that it forbids: %s", (id, fields) => {
  const { completions } = editor(`bound.post({ meter_id: "${id}", /**/ });`);

  expect(completions()).toEqual([...OPTIONAL, ...fields].sort());
});

test("completion offers the ids of the catalog", () => {
  expect(editor('bound.post({ meter_id: "/**/" });').completions()).toContain("page.processed.basic");
});

test("a hover names the catalog instead of printing it", () => {
  expect(editor("client/**/;").hover().type).toBe("const client: MeterClient<LitewaveCatalog, never>");
});

test("a hover over an id of the catalog shows what it counts", () => {
  expect(editor('litewaveCatalog["page.processed.basic"/**/];').hover().text).toBe(
    "Total number of basic pages processed",
  );
});

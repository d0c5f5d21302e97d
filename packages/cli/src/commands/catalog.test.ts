import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { litewaveCatalog } from "@meter-lib/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYamlCatalog } from "../catalog/parse-yaml-catalog.ts";
import { writeCatalog } from "../catalog/write-catalog.ts";
import { runHere } from "../testing/run-here.ts";
import { TempFolder } from "../testing/temp-folder.ts";

// The form of the list in the usage guide: its heading reads as a comment.
const GUIDE = `### List Of Meters:
- meter_id: "page.processed.basic"
  name: "Basic Document Scanning"
  type: "volume"
  description: "Total number of basic pages processed"

- meter_id: "chat.on.time_hours"
  name: "Litewave AI Assistant Usage (Hours)"
  type: "performance"
  description: "Total active chat usage time in hours"
`;

describe.concurrent("meter catalog", { timeout: 240_000 }, () => {
  test("list shows the catalog that comes with meter-lib", async () => {
    const { exit, stdout } = await runHere(["catalog", "list", "--json"]);
    expect(exit).toBe(0);
    expect(JSON.parse(stdout).map(({ meter_id }: { meter_id: string }) => meter_id)).toEqual(
      Object.keys(litewaveCatalog),
    );
  });

  test("check takes the guide's own list", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file("guide.yaml", GUIDE);
    const { exit, stdout } = await runHere(["catalog", "check", file]);
    expect(exit).toBe(0);
    expect(stdout).toContain("2 meters, 1 volume and 1 performance");
  });

  test("check names the line of everything that is wrong", async () => {
    await using folder = await TempFolder.create();
    const wrong = GUIDE.replace('"performance"', '"time"').replace("page.processed.basic", "page basic");
    const file = await folder.file("wrong.yaml", wrong);
    const { exit, stderr } = await runHere(["catalog", "check", file]);
    expect(exit).toBe(3);
    expect(stderr).toContain(`${file}:2: [0].meter_id: expected an id of 1 to 255 visible ASCII characters`);
    expect(stderr).toContain(`${file}:9: [1].type: expected "volume" or "performance", got "time"`);
    const broken = await folder.file("broken.yaml", "- meter_id: [");
    expect((await runHere(["catalog", "check", broken])).stderr).toContain(`${broken}:1: `);
  });

  test("check names fields that are none, aliases of nothing and keys that are no text, each with its line", async () => {
    await using folder = await TempFolder.create();
    const faultsOf = async (text: string) => {
      const file = await folder.file("meters.yaml", text);
      const { exit, stderr } = await runHere(["catalog", "check", file]);
      expect(exit).toBe(3);
      return stderr.replaceAll(`${file}:`, "").replace("error: ", "").trim().split("\n");
    };
    const fields = "expected one of the fields type, name, description, unit, aggregation, metadata";
    expect(await faultsOf("- meter_id: a\n  type: volume\n  agregation: last\n  price: 3\n")).toEqual([
      `3: [0].agregation: ${fields} (perhaps "aggregation"), got "agregation"`,
      `4: [0].price: ${fields}, got "price"`,
    ]);
    expect(await faultsOf("a:\n  type: volume\n  unit: *unit\n")).toEqual([
      "3: expected the anchor &unit before its alias, found none",
    ]);
    expect(await faultsOf("? [a]\n: { type: volume }\n")).toEqual(["1: expected a key that is text"]);
    expect(await faultsOf("a: { type: volume }\n<<: 5\n")).toEqual([
      expect.stringContaining("expected YAML that can be resolved: "),
    ]);
    expect(await faultsOf("a: &a { type: volume, <<: *a }\n")).toEqual([
      expect.stringContaining("an anchor contains itself"),
    ]);
    expect(await faultsOf('1e3: { type: volume }\n"1e3": { type: volume }\n')).toEqual([
      "2: Map keys must be unique",
    ]);
  });

  test("a file that is not UTF-8 is refused, and its letters are not replaced", async () => {
    await using folder = await TempFolder.create();
    const file = join(folder.path, "latin1.yaml");
    await writeFile(file, Buffer.from("- { meter_id: a, type: volume, name: Größe }", "latin1"));
    const { exit, stderr } = await runHere(["catalog", "check", file]);
    expect(stderr).toContain(`${file}: expected UTF-8`);
    expect(exit).toBe(3);
  });

  test.each(["class", "let", "await", "arguments", "undefined", "defineCatalog", "a-b", ""])(
    "--name %j is none that a module can export",
    async (name) => {
      const { exit, stderr } = await runHere(["catalog", "generate", "litewave", "--name", name]);
      expect(stderr).toContain("--name: expected a valid name for a constant");
      expect(exit).toBe(2);
    },
  );

  test("what is wrong with the catalog of a module is named, too", async () => {
    await using folder = await TempFolder.create();
    const file = await folder.file(
      "catalog.mjs",
      'export const port = 80; export const meters = { a: { type: "volume", agregation: "last" } };',
    );
    const { exit, stderr } = await runHere(["catalog", "check", file]);
    expect(stderr).toContain(`${file}: meters["a"].agregation: expected one of the fields`);
    expect(exit).toBe(3);
  });

  test("diff tells what breaks callers, what changes bills, and what is harmless", async () => {
    await using folder = await TempFolder.create();
    const before = await folder.file("before.yaml", GUIDE);
    const after = await folder.file(
      "after.yaml",
      `- { meter_id: page.basic, name: Basic Document Scanning, type: volume }
- { meter_id: chat.on.time_hours, type: volume, aggregation: last, name: Chat }`,
    );
    const { exit, stdout } = await runHere(["catalog", "diff", before, after]);
    expect(exit).toBe(4);
    expect(stdout).toBe(`BREAKS CALLERS  page.processed.basic: removed; perhaps renamed to page.basic
BREAKS CALLERS  chat.on.time_hours: type changed from performance to volume
CHANGES BILLS   chat.on.time_hours: aggregation changed from sum to last
harmless        chat.on.time_hours: name changed from Litewave AI Assistant Usage (Hours) to Chat
harmless        chat.on.time_hours: description changed from Total active chat usage time in hours to none
harmless        page.basic: new, volume

6 changes, 3 of them breaking.
`);
    expect(await runHere(["catalog", "diff", before, before])).toMatchObject({
      exit: 0,
      stdout: "No changes.\n",
    });
  });

  test("generate makes a typed module, and YAML of it again", async () => {
    await using folder = await TempFolder.create();
    const guide = await folder.file("guide.yaml", GUIDE);
    const module = join(folder.path, "catalog.ts");
    const yaml = join(folder.path, "back.yaml");
    expect(await runHere(["catalog", "generate", guide, "--out", module])).toMatchObject({ exit: 0 });
    const text = await readFile(module, "utf8");
    expect(text).toContain('import { defineCatalog } from "meter-lib";');
    expect(text).toContain('export const catalog = defineCatalog({\n  "page.processed.basic": {');
    expect(await runHere(["catalog", "generate", guide, "--out", module, "--check"])).toMatchObject({
      exit: 0,
    });
    // The module is loaded from where `meter-lib` can be found.
    const loadable = await folder.file(
      "plain.ts",
      text.replace(/import .*\n/, "const defineCatalog = (c) => c;\n"),
    );
    expect(await runHere(["catalog", "generate", loadable, "--out", yaml])).toMatchObject({ exit: 0 });
    expect(await runHere(["catalog", "diff", guide, yaml])).toMatchObject({
      exit: 0,
      stdout: "No changes.\n",
    });
    await folder.file("catalog.ts", `${text}// edited`);
    expect(await runHere(["catalog", "generate", guide, "--out", module, "--check"])).toMatchObject({
      exit: 4,
    });
  });

  test("a module without a catalog, or with two, is named", async () => {
    await using folder = await TempFolder.create();
    const none = await folder.file("none.mjs", "export const port = 80;");
    expect((await runHere(["catalog", "check", none])).stderr).toContain(
      "expected a module that exports a catalog",
    );
    const one = `{ "a.b": { type: "volume" } }`;
    const two = await folder.file("two.mjs", `export const a = ${one}; export const b = ${one};`);
    expect((await runHere(["catalog", "check", two])).stderr).toContain("--export: expected one of a, b");
    expect(await runHere(["catalog", "generate", two, "--export", "b"])).toMatchObject({ exit: 0 });
  });
});

describe("a catalog is read as it is written", () => {
  test("ids that YAML takes for numbers are their text", () => {
    const ids = ["00123", "1.10", "1e3", "0x10", "null", "true", "1000"];
    const meters = Object.fromEntries(ids.map((id) => [id, { type: "volume" }]));
    expect(parseYamlCatalog(ids.map((id) => `${id}: { type: volume }`).join("\n"), "file")).toEqual(meters);
    const list = ids.filter((id) => /\d/.test(id)).map((id) => `- { meter_id: ${id}, type: volume }`);
    expect(Object.keys(parseYamlCatalog(list.join("\n"), "file")).toSorted()).toEqual(
      ids.filter((id) => /\d/.test(id)).toSorted(),
    );
  });

  test("merge keys are merged, and a field of the meter's own wins", () => {
    const text = `a: &level { type: volume, unit: gigabyte, aggregation: last }
b: { <<: *level }
c: { <<: *level, aggregation: max }
d: { <<: [{ unit: page }, *level] }`;
    expect(parseYamlCatalog(text, "file")).toEqual({
      a: { type: "volume", unit: "gigabyte", aggregation: "last" },
      b: { type: "volume", unit: "gigabyte", aggregation: "last" },
      c: { type: "volume", unit: "gigabyte", aggregation: "max" },
      d: { type: "volume", unit: "page", aggregation: "last" },
    });
  });

  test("there may be any number of aliases", () => {
    const aliases = Array.from({ length: 1_000 }, (_, index) => `m${index}: { type: volume, unit: *u }`);
    const catalog = parseYamlCatalog(["m: { type: volume, unit: &u token }", ...aliases].join("\n"), "file");
    expect(Object.keys(catalog)).toHaveLength(1_001);
    expect(catalog.m999).toEqual({ type: "volume", unit: "token" });
  });
});

test("what is written as YAML or JSON reads back as the same catalog", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  const meters = fc.dictionary(
    fc.stringMatching(/^[\x21-\x7e]{1,20}$/).filter((id) => id !== "__proto__"),
    fc.record(
      {
        type: fc.constantFrom("volume" as const, "performance" as const),
        name: text,
        description: text,
        unit: text,
        aggregation: fc.constantFrom("sum" as const, "last" as const, "max" as const),
      },
      { requiredKeys: ["type"] },
    ),
  );
  fc.assert(
    fc.property(meters, fc.constantFrom("yaml" as const, "json" as const), (catalog, format) => {
      const written = writeCatalog(catalog, { format, name: "catalog", from: "meter-lib" });
      expect(parseYamlCatalog(written, "file")).toEqual({ ...catalog });
    }),
  );
});

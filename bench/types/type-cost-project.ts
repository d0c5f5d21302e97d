import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Compiler, compile, diagnosticsIn } from "./compiler.ts";

const core = resolve(import.meta.dirname, "../../packages/core");

/** What a compiler says it spent. */
export interface TypeCost {
  readonly checkSeconds: number;
  readonly instantiations: number;
  readonly memoryMegabytes: number;
}

export interface CostOptions {
  /** Size of the catalog. */
  readonly meters: number;
  /** Calls with a literal id, spread over the catalog. */
  readonly calls: number;
  /** Every so manyth meter has a metadata schema of its own; none when absent. */
  readonly schemaEvery?: number;
}

const id = (index: number): string => `area${index % 7}.meter${index}.used`;
const isVolume = (index: number): boolean => index % 4 !== 3;

const hasSchema = (index: number, { schemaEvery }: CostOptions): boolean =>
  schemaEvery !== undefined && index % schemaEvery === 0;

const catalogSource = (options: CostOptions): string => {
  const entries = Array.from({ length: options.meters }, (_, index) => {
    const type = isVolume(index) ? "volume" : "performance";
    const metadata = hasSchema(index, options)
      ? `, metadata: schema<{ readonly key${index}: string }>()`
      : "";
    return `  "${id(index)}": { type: "${type}", name: "Meter ${index}", unit: "unit"${metadata} },\n`;
  });
  return `import type { StandardSchemaV1 } from "@standard-schema/spec";
import { defineCatalog } from "${core}/src/catalog/define-catalog.ts";
declare const schema: <T>() => StandardSchemaV1<T>;
export const catalog = defineCatalog({
${entries.join("")}});
`;
};

const callsSource = (options: CostOptions): string => {
  const { meters, calls } = options;
  const lines = Array.from({ length: calls }, (_, call) => {
    const index = Math.floor((call * meters) / calls + (call % 11)) % meters;
    const fields = isVolume(index)
      ? `total_usage: ${call % 2 === 0 ? "count" : call % 10}`
      : `start_time: ${call}, end_time: now`;
    const metadata = hasSchema(index, options) ? `, metadata: { key${index}: "x" }` : "";
    return `client.post({ meter_id: "${id(index)}", ${fields}${metadata}, tenant_id, device_id: "d" });\n`;
  });
  // The client is declared with its one method here, so that the figures are of the calls alone.
  return `import type { Catalog, MeterId } from "${core}/src/catalog/catalog.ts";
import type { ContextKey, EventInput } from "${core}/src/event/meter-event.ts";
import type { catalog } from "./catalog.ts";
declare class MeterClient<C extends Catalog, Bound extends ContextKey = never> {
  post<const Id extends MeterId<C>, const N extends number = number>(event: EventInput<C, Bound, Id, N>): void;
}
declare const client: MeterClient<typeof catalog>;
declare const count: number;
declare const now: number;
declare const tenant_id: string;
${lines.join("")}`;
};

const figure = (output: string, name: string): number => {
  const text = new RegExp(`^${name}:\\s+([\\d.]+)`, "m").exec(output)?.[1];
  if (text === undefined) throw new Error(`The compiler did not report "${name}":\n${output}`);
  return Number(text);
};

/**
 * Compiles a program of calls on a generated catalog.
 *
 * @throws Error when the program has a type error
 */
export const typeCost = async (compiler: Compiler, options: CostOptions): Promise<TypeCost> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-type-cost-"));
  try {
    symlinkSync(join(core, "node_modules"), join(folder, "node_modules"));
    const project = { extends: join(core, "tsconfig.json"), include: ["*.ts"] };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    writeFileSync(join(folder, "catalog.ts"), catalogSource(options));
    writeFileSync(join(folder, "calls.ts"), callsSource(options));
    // One checker, so that the count is the same on every machine.
    const flags = compiler.name === "TypeScript 7" ? ["--singleThreaded"] : [];
    const output = await compile(compiler, join(folder, "tsconfig.json"), "--extendedDiagnostics", ...flags);
    const [error] = diagnosticsIn(output);
    if (error !== undefined) throw new Error(`${error.file}(${error.line}): ${error.message}`);
    return {
      checkSeconds: figure(output, "Check time"),
      instantiations: figure(output, "Instantiations"),
      memoryMegabytes: Math.round(figure(output, "Memory used") / 1024),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

import { type Application, ReflectionKind } from "typedoc";
import { publishedPackages } from "../scripts/packages/published-packages.ts";

/** `dist/node/index.d.ts` and `src/node` are one module. */
const moduleOf = (types: string): string =>
  types
    .replace(/^packages\//, "")
    .replace("/dist/", "/src/")
    .replace(/(\/index)?\.d\.ts$/, "");

/** Names the modules of the reference as users import them: `core/src` is `@meter-lib/core`. */
export const load = (app: Application): void => {
  const names = new Map(
    publishedPackages().flatMap(({ entries }) => entries.map(({ name, types }) => [moduleOf(types), name])),
  );
  app.converter.on("resolveBegin", ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module))
      module.name = names.get(module.name) ?? module.name;
  });
};

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Application,
  Comment,
  type CommentDisplayPart,
  ReferenceReflection,
  ReflectionKind,
  Renderer,
} from "typedoc";
import { referenceEntries } from "../scripts/docs/reference-entries.ts";
import { root } from "../scripts/test/root.ts";

/** TypeDoc's name of a module: `packages/core/src/log/index.ts` is `core/src/log`. */
const moduleOf = (source: string): string => source.replace(/^packages\//, "").replace(/(\/index)?\.ts$/, "");

/** How often the documentation imports each name. */
const importsInDocs = (): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  const files = globSync(["README.md", "docs/{concepts,extend,guide}/*.md", "packages/*/README.md"], {
    cwd: root,
  });
  for (const file of files)
    for (const [, names = ""] of readFileSync(join(root, file), "utf8").matchAll(
      /import (?:type )?\{([^}]+)\} from/g,
    ))
      for (const item of names.split(",")) {
        const name = item.trim().replace(/^type /, "");
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
  return counts;
};

/**
 * Makes one page per entry point, named as users import it. A page opens with what the guides import most, and links to
 * what another page documents instead of repeating it.
 */
export const load = (app: Application): void => {
  app.converter.on("resolveBegin", ({ project }) => {
    const entries = new Map(referenceEntries().map((entry) => [moduleOf(entry.source), entry]));
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const entry = entries.get(module.name);
      if (entry === undefined) continue;
      module.name = entry.name;
      const guide = `[${entry.folder}](/packages/${entry.folder}.md)`;
      module.comment ??= new Comment([
        {
          kind: "text",
          text: `${entry.description ?? `Part of ${guide}.`}\n\nHow to use it: ${guide}.`,
        },
      ]);
    }
  });
  app.renderer.on(Renderer.EVENT_BEGIN, ({ project }) => {
    const imports = importsInDocs();
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      const elsewhere = (module.children ?? []).filter((child) => child instanceof ReferenceReflection);
      if (elsewhere.length > 0) {
        module.comment ??= new Comment();
        module.comment.summary.push({ kind: "text", text: "\n\nAlso exported: " }, ...linksTo(elsewhere));
        const own = module.children?.filter((child) => !(child instanceof ReferenceReflection)) ?? [];
        const groups = module.groups?.filter(({ title }) => title !== "References") ?? [];
        // An empty list would be an empty table.
        delete module.children;
        delete module.groups;
        if (own.length > 0) Object.assign(module, { children: own, groups });
      }
      for (const group of module.groups ?? [])
        group.children.sort((a, b) => (imports.get(b.name) ?? 0) - (imports.get(a.name) ?? 0));
    }
  });
};

const linksTo = (references: readonly ReferenceReflection[]): readonly CommentDisplayPart[] =>
  references.flatMap((reference, index): readonly CommentDisplayPart[] => [
    { kind: "text", text: index === 0 ? "" : ", " },
    { kind: "inline-tag", tag: "@link", text: reference.name, target: reference.getTargetReflectionDeep() },
  ]);

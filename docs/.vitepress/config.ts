import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { headingAnchor } from "../../scripts/docs/heading-anchor.ts";
import { referenceEntries } from "../../scripts/docs/reference-entries.ts";
import { siteLink } from "../../scripts/docs/site-link.ts";
import { sitePath } from "../../scripts/docs/site-path.ts";
import { publishedPackages } from "../../scripts/packages/published-packages.ts";
import { compiledCode } from "./compiled-code.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = globSync(["docs/**/*.md", "packages/*/README.md", "CONTRIBUTING.md", "SECURITY.md"], {
  cwd: root,
  exclude: ["**/node_modules/**"],
});
const sourceOf = new Map(
  sources.flatMap((path) => {
    const page = sitePath(path)?.replace(/(\/index)?\.md$/, "");
    return page === undefined ? [] : [[page, path] as const];
  }),
);

/** Pages of the site, titled by their own first heading. */
const pages = (...names: readonly string[]): DefaultTheme.SidebarItem[] =>
  names.map((name) => {
    const source = sourceOf.get(name);
    if (source === undefined) throw new Error(`sidebar: expected a page of the site, got ${name}`);
    const title = /^# (.+)$/m.exec(readFileSync(`${root}/${source}`, "utf8"))?.[1];
    return { text: title?.replaceAll("`", "") ?? name, link: `/${name}` };
  });

/** Titles of members in the reference; the rest of its text would be most of the search index. */
const REFERENCE_TITLE = /<h([1-3])\b.*?<\/h\1>|<h[4-6]\b[^>]*>[^<]*\(\).*?<\/h[4-6]>/gs;

export default defineConfig({
  title: "meter-lib",
  description: "Tells your billing backend what each customer used: one typed call.",
  srcDir: "..",
  // Only what has a place on the site.
  srcExclude: globSync("**/*.md", { cwd: root, exclude: ["**/node_modules/**"] }).filter(
    (path) => sitePath(path) === undefined,
  ),
  rewrites: (path) => sitePath(path) ?? path,
  cleanUrls: true,
  // The list of all pages once, not in each.
  metaChunk: true,
  // Addresses of a newcomer's own machine.
  ignoreDeadLinks: "localhostLinks",
  lastUpdated: false,
  vite: {
    plugins: [
      {
        // Pages become modules that import Vue; beside those outside of docs/ it is not installed.
        name: "vue-of-docs",
        enforce: "pre",
        resolveId(id, importer, options) {
          return importer?.endsWith(".md") === true && /^vue(\/|$)/.test(id)
            ? this.resolve(id, fileURLToPath(import.meta.url), { ...options, skipSelf: true })
            : undefined;
        },
      },
    ],
  },
  markdown: {
    anchor: { slugify: headingAnchor },
    codeTransformers: [compiledCode],
    config: (markdown) => {
      // Each page is rendered for the site and for its search, and most of the time goes into colouring its code.
      const { highlight } = markdown.options;
      const coloured = new Map<string, string>();
      markdown.options.highlight = (...block) => {
        const key = block.join("\n");
        const html = coloured.get(key) ?? highlight?.(...block) ?? "";
        coloured.set(key, html);
        return html;
      };
      markdown.core.ruler.push("site links", ({ tokens, env }) => {
        // `path` is where the page will be, `realPath` where it is written.
        const from = relative(root, env.realPath ?? env.path);
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === "link_open" ? token.attrGet("href") : null;
          if (href !== null && !from.startsWith("docs/reference/"))
            token.attrSet("href", siteLink(root, from, href));
        }
      });
    },
  },
  themeConfig: {
    search: {
      provider: "local",
      options: {
        _render: (source, env, markdown) => {
          const html = markdown.render(source, env);
          return relative(root, env.path).startsWith("docs/reference/")
            ? (html.match(REFERENCE_TITLE) ?? []).join("\n")
            : html;
        },
        miniSearch: {
          // A question is answered by a guide; a type is looked for by its name, which then stands in its title.
          searchOptions: { boostDocument: (id) => (id.startsWith("/reference/") ? 0.2 : 1) },
        },
      },
    },
    socialLinks: [{ icon: "github", link: "https://github.com/aiorch/meter-lib" }],
    outline: [2, 3],
    nav: [
      { text: "Get started", link: "/guide/get-started" },
      { text: "Guide", link: "/guide/record-and-delivery" },
      { text: "Packages", link: "/packages/meter-lib" },
      { text: "Reference", link: "/reference/" },
    ],
    sidebar: {
      "/reference/": [
        {
          text: "Reference",
          link: "/reference/",
          items: referenceEntries().map(({ name, page }) => ({ text: name, link: `/${page}` })),
        },
      ],
      "/": [
        {
          text: "Start",
          items: pages(
            "guide/get-started",
            "guide/typescript",
            "concepts/catalog",
            "guide/configuration",
            "guide/faq",
          ),
        },
        {
          text: "Send",
          items: pages(
            "guide/record-and-delivery",
            "guide/middleware",
            "guide/browser",
            "guide/serverless-and-edge",
            "concepts/idempotency",
          ),
        },
        {
          text: "Deliver",
          items: pages(
            "guide/outbox",
            "guide/relay",
            "guide/kafka",
            "guide/backends",
            "guide/after-the-answer",
            "guide/corrections",
            "guide/change-the-backend",
            "concepts/answers",
            "concepts/event-life",
            "concepts/accounting",
          ),
        },
        {
          text: "Run",
          items: pages(
            "guide/operations",
            "guide/cli",
            "guide/observe",
            "guide/security",
            "guide/privacy",
            "guide/faults",
            "guide/benchmarks",
            "operations/pipeline",
            "operations/capacity",
          ),
        },
        {
          text: "Test",
          items: pages("guide/testing", "packages/sandbox", "packages/testing"),
        },
        {
          text: "Migrate",
          items: pages(
            "guide/migrate",
            "guide/from-python",
            "guide/from-openmeter",
            "guide/from-stripe",
            "guide/from-lago",
            "guide/from-polar",
            "guide/from-segment",
          ),
        },
        {
          text: "Extend",
          items: pages("extend/write-a-transport", "extend/write-a-customer-lookup", "extend/write-a-store"),
        },
        {
          text: "Packages",
          collapsed: true,
          items: publishedPackages().map(({ folder }) => ({ text: folder, link: `/packages/${folder}` })),
        },
        {
          text: "Contribute",
          collapsed: true,
          items: [
            ...pages(
              "contributing",
              "contributing/glossary",
              "contributing/hooks",
              "contributing/releasing",
              "contributing/security",
            ),
            ...pages(...[...sourceOf.keys()].filter((page) => page.startsWith("decisions/")).sort()),
          ],
        },
      ],
    },
  },
});

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
const pages = (folder: string, names: Readonly<Record<string, string>>): DefaultTheme.SidebarItem[] =>
  Object.entries(names).map(([name, text]) => ({ text, link: `/${folder}/${name}` }));

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
          items: [
            ...pages("guide", { "get-started": "Get started", typescript: "TypeScript" }),
            ...pages("concepts", { catalog: "The catalog" }),
            ...pages("guide", { configuration: "Configuration", faq: "Common questions" }),
          ],
        },
        {
          text: "Send",
          items: [
            ...pages("guide", {
              "record-and-delivery": "Record usage",
              middleware: "In a framework",
              browser: "From the browser",
              relay: "Through a relay",
              "serverless-and-edge": "Serverless and edge",
            }),
            ...pages("concepts", { idempotency: "Idempotency" }),
          ],
        },
        {
          text: "Deliver",
          items: pages("guide", {
            "record-and-delivery": "Record and delivery",
            outbox: "Which outbox",
            browser: "From a page",
            relay: "The relay",
            middleware: "In a framework",
            "serverless-and-edge": "Serverless and edge",
            kafka: "Kafka",
            backends: "Other backends",
            "after-the-answer": "After the answer",
            corrections: "Take usage back",
            "change-the-backend": "Change the backend",
          }),
        },
        {
          text: "Run",
          items: [
            ...pages("guide", {
              operations: "Operations",
              cli: "The meter command",
              observe: "Observe",
              security: "Security",
              privacy: "Privacy",
              faults: "Faults",
              benchmarks: "Benchmarks",
            }),
            ...pages("operations", { pipeline: "The Flink pipeline", capacity: "Capacity of the pipeline" }),
          ],
        },
        {
          text: "Test",
          items: [
            ...pages("guide", { testing: "Testing" }),
            ...pages("packages", { sandbox: "The sandbox", testing: "Conformance suites and faults" }),
          ],
        },
        {
          text: "Migrate",
          items: pages("guide", {
            migrate: "Moving over",
            "from-python": "Python",
            "from-openmeter": "OpenMeter",
            "from-stripe": "Stripe",
            "from-lago": "Lago",
            "from-polar": "Polar",
            "from-segment": "Segment",
          }),
        },
        {
          text: "Extend",
          items: pages("extend", {
            "write-a-transport": "Write a transport",
            "write-a-customer-lookup": "Write a customer lookup",
            "write-a-store": "Write a store",
          }),
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
            ...pages("contributing", { "": "Contributing", releasing: "Releasing", security: "Threats" }),
            ...globSync("docs/decisions/*.md", { cwd: root })
              .sort()
              .map((path) => {
                const [title = path] = readFileSync(`${root}/${path}`, "utf8").split("\n");
                return {
                  text: title.replace("# ", ""),
                  link: `/${sitePath(path)?.replace(".md", "") ?? ""}`,
                };
              }),
          ],
        },
      ].map((group) => ({
        ...group,
        // A page that is still to come has no place in the list.
        items: group.items.filter(({ link }) => link === undefined || isPage(link)),
      })),
    },
  },
});

/** Whether a file of the repository is this page. */
function isPage(link: string): boolean {
  const page = `${link.replace(/\/$/, "/index")}.md`.slice(1);
  return globSync(["docs/**/*.md", "packages/*/README.md", "CONTRIBUTING.md", "SECURITY.md"], {
    cwd: root,
    exclude: ["**/node_modules/**"],
  }).some((path) => sitePath(path) === page);
}

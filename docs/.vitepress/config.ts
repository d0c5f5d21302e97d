import { existsSync, globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type DefaultTheme, defineConfig } from "vitepress";
import { headingAnchor } from "../../scripts/docs/heading-anchor.ts";
import { siteLink } from "../../scripts/docs/site-link.ts";
import { sitePath } from "../../scripts/docs/site-path.ts";
import { publishedPackages } from "../../scripts/packages/published-packages.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const referenceSidebar = fileURLToPath(new URL("../reference/typedoc-sidebar.json", import.meta.url));

const pages = (folder: string, names: Readonly<Record<string, string>>): DefaultTheme.SidebarItem[] =>
  Object.entries(names).map(([name, text]) => ({ text, link: `/${folder}/${name}` }));

/** TypeDoc writes it; without it (`docs:dev` before the first build) the reference has one page. */
const modulesOfReference = (): DefaultTheme.SidebarItem[] =>
  existsSync(referenceSidebar) ? JSON.parse(readFileSync(referenceSidebar, "utf8")).map(onSite) : [];

/** TypeDoc's links are paths in the repository. */
const onSite = ({ link, items, ...item }: DefaultTheme.SidebarItem): DefaultTheme.SidebarItem => ({
  ...item,
  ...(link === undefined ? {} : { link: link.replace("/docs/", "/") }),
  ...(items === undefined ? {} : { items: items.map(onSite) }),
});

/** A module's pages list what is in it, and the other modules by name: all of it on each page would be most of the page. */
const referenceSidebars = (): Readonly<Record<string, DefaultTheme.SidebarItem[]>> => {
  const modules = modulesOfReference();
  const listWith = (open?: DefaultTheme.SidebarItem) =>
    modules.map((module) =>
      module === open ? { ...module, collapsed: false } : { text: module.text, link: module.link },
    );
  return Object.fromEntries([
    ["/reference/", listWith()],
    ...modules.map((module) => [module.link ?? "", listWith(module)]),
  ]);
};

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
        miniSearch: {
          // A question is answered by a guide; a type is looked for by its name, which then stands in its title.
          searchOptions: { boostDocument: (id) => (id.startsWith("/reference/") ? 0.2 : 1) },
        },
      },
    },
    socialLinks: [{ icon: "github", link: "https://github.com/aiorch/meter-lib" }],
    nav: [
      { text: "Get started", link: "/guide/get-started" },
      { text: "Guide", link: "/guide/record-and-delivery" },
      { text: "Packages", link: "/packages/meter-lib" },
      { text: "Reference", link: "/reference/" },
    ],
    sidebar: {
      ...referenceSidebars(),
      "/": [
        {
          text: "Begin",
          items: [
            ...pages("guide", {
              "get-started": "Get started",
              typescript: "TypeScript",
              configuration: "Configuration",
              testing: "Testing",
              faq: "What people stumble over",
            }),
          ],
        },
        {
          text: "Concepts",
          items: pages("concepts", {
            catalog: "The catalog",
            "event-life": "The life of an event",
            answers: "What an answer means",
            accounting: "Accounting",
            idempotency: "Counted once",
          }),
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
            "change-the-backend": "Change the backend",
          }),
        },
        {
          text: "Run",
          items: [
            ...pages("guide", {
              operations: "Operations",
              security: "Security",
              privacy: "Privacy",
              observe: "Observe",
              cli: "The meter command",
              faults: "Faults",
              benchmarks: "Benchmarks",
            }),
            ...pages("operations", { pipeline: "The Flink pipeline", capacity: "Capacity of the pipeline" }),
          ],
        },
        {
          text: "Coming from",
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
          text: "Packages",
          collapsed: true,
          items: publishedPackages().map(({ folder }) => ({ text: folder, link: `/packages/${folder}` })),
        },
        {
          text: "Extend",
          items: pages("extend", {
            "write-a-transport": "A transport",
            "write-a-customer-lookup": "A customer lookup",
            "write-a-store": "A store",
          }),
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

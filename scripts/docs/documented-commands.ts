/** A command of pnpm's that a Markdown file tells its readers to run. */
export interface DocumentedCommand {
  /** In the file, from 1. */
  readonly line: number;
  /** The package of `--filter`; none for the whole workspace. */
  readonly filter: string | undefined;
  readonly name: string;
}

const COMMAND = /(?:`|^|npx -y )pnpm(?:@[\d.]+)?(?: --silent)?(?: --filter (\S+))? ([a-z][\w:-]*)/g;

/** What stands in code: `pnpm api`, `npx -y pnpm@1.2.3 test`, with and without `--filter`. */
export const documentedCommands = (markdown: string): readonly DocumentedCommand[] => {
  let isCode = false;
  return markdown.split("\n").flatMap((text, index) => {
    if (text.startsWith("```")) isCode = !isCode;
    return [...text.matchAll(COMMAND)]
      .filter(([match]) => isCode || !match.startsWith("pnpm"))
      .map(([, filter, name = ""]) => ({ line: index + 1, filter, name }));
  });
};

/** Scripts by name, of the workspace and of each of its packages. */
export interface Scripts {
  readonly workspace: ReadonlySet<string>;
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
}

// `pnpm help -a` of 12.21.0: a script of such a name is not run by it. (`test` and `start` run the script.)
const PNPM_OWN =
  "access add approve approve-builds audit bin bugs cache cat-file cat-index change ci clean completion config create dedupe deploy deprecate dist-tag dlx docs doctor edit env exec fetch find-hash fund get help ignored-builds import init install install-test lane licenses link list ll login logout outdated owner pack pack-app patch patch-commit patch-remove peers permissions ping pipeline pkg prefix profile prune publish purge rb rebuild recursive remove repo root run runtime sbom search self-update set set-script setup shim stage star stars store tasks team token undeprecate unlink unpublish unstar update version view whoami why with";
const OWN: ReadonlySet<string> = new Set(PNPM_OWN.split(" "));
/** Programs of development dependencies, which pnpm runs too. */
const PROGRAMS: ReadonlySet<string> = new Set(["changeset"]);

/** Why a reader cannot run it; undefined when it runs. */
export const commandFault = ({ filter, name }: DocumentedCommand, scripts: Scripts): string | undefined => {
  if (filter !== undefined)
    return scripts.packages.get(filter)?.has(name) === true ? undefined : `${filter} has no script ${name}`;
  if (scripts.workspace.has(name))
    return OWN.has(name) ? `pnpm ${name} is a command of pnpm's own` : undefined;
  return OWN.has(name) || PROGRAMS.has(name) ? undefined : `there is no script ${name}`;
};

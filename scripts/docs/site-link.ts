import { existsSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { sitePath } from "./site-path.ts";

const REPOSITORY = "https://github.com/aiorch/meter-lib/blob/main";

/**
 * A link as it is written in a file of the repository, as the site needs it: to the page, or to the repository for what has none.
 *
 * @param root - the repository's folder
 * @param from - the file that holds the link, from there
 */
export const siteLink = (root: string, from: string, href: string): string => {
  const [path = "", anchor] = href.split("#");
  if (path === "" || /^([a-z]+:|\/)/i.test(path)) return href;
  const target = join(dirname(from), path);
  const file = target.endsWith(".md") ? target : join(target, "README.md");
  const page = existsSync(join(root, file)) ? sitePath(file) : undefined;
  const link = page === undefined ? `${REPOSITORY}/${target}` : `/${page}`;
  return anchor === undefined ? link : `${link}#${anchor}`;
};

/** The anchor of a heading, as GitHub makes it: `tenantTokens(options)` is `tenanttokensoptions`. */
export const headingAnchor = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");

/** The anchors of all headings of a Markdown file. */
export const headingAnchors = (markdown: string): ReadonlySet<string> => {
  const anchors = new Set<string>();
  const withoutCode = markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  for (const [, heading = ""] of withoutCode.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = headingAnchor(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number++) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
};

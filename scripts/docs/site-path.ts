const PLACES: readonly (readonly [RegExp, string])[] = [
  [/^docs\/(.+)$/, "$1"],
  [/^packages\/([^/]+)\/README\.md$/, "packages/$1.md"],
  [/^examples\/([^/]+)\/README\.md$/, "examples/$1.md"],
  [/^CONTRIBUTING\.md$/, "contributing/index.md"],
  [/^SECURITY\.md$/, "contributing/security.md"],
];

/** Where a Markdown file of the repository is on the site; undefined when it is not there. */
export const sitePath = (path: string): string | undefined => {
  const place = PLACES.find(([pattern]) => pattern.test(path));
  return place && path.endsWith(".md") ? path.replace(place[0], place[1]) : undefined;
};

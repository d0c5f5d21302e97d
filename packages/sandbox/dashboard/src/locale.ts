const isKnown = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
};

/** How the reader writes numbers and times. A browser may name a locale that `Intl` refuses, such as `en-US@posix`. */
export const LOCALES: readonly string[] = [...navigator.languages.filter(isKnown), "en"];

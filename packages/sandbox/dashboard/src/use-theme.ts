import { useLayoutEffect, useState } from "preact/hooks";

/** `system` follows the machine's setting. */
export type Theme = "system" | "light" | "dark";

const KEY = "meter-sandbox-theme";

const stored = (): Theme => {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
};

const keep = (theme: Theme): void => {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
};

/** The theme, kept for the next visit. */
export const useTheme = (): { readonly theme: Theme; readonly choose: (theme: Theme) => void } => {
  const [theme, setTheme] = useState(stored);
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  // Kept at once: an effect would run after the next paint, which a page that is left does not reach.
  const choose = (chosen: Theme): void => {
    keep(chosen);
    setTheme(chosen);
  };
  return { theme, choose };
};

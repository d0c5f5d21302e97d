import { useEffect, useState } from "preact/hooks";

/** `system` follows the machine's setting. */
export type Theme = "system" | "light" | "dark";

const KEY = "meter-sandbox-theme";

const stored = (): Theme => {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : "system";
};

/** The theme, kept for the next visit; `shown` is what it comes to. */
export const useTheme = (): {
  readonly theme: Theme;
  readonly shown: "light" | "dark";
  readonly choose: (theme: Theme) => void;
} => {
  const [theme, setTheme] = useState(stored);
  const [systemDark, setSystemDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);

  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const change = (): void => setSystemDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  }, [theme]);

  return { theme, shown: theme === "system" ? (systemDark ? "dark" : "light") : theme, choose: setTheme };
};

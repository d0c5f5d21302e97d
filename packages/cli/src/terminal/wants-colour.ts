/**
 * Whether to use colours: `FORCE_COLOR` (https://force-color.org) takes precedence over `NO_COLOR` (https://no-color.org), and both over
 * whether it is a terminal.
 */
export const wantsColour = (isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean => {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return isTTY && TERM !== "dumb";
};

import manifest from "../package.json" with { type: "json" };

const OLDEST = manifest.engines.node.replace(">=", "");

/** What to tell whoever runs the command with a Node that is older than the package says; undefined where it is not. */
export const tooOld = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
    ? undefined
    : `meter needs Node ${OLDEST} or newer, and this is Node ${version}`;
};

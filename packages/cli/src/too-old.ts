import manifest from "../package.json" with { type: "json" };

const OLDEST = manifest.engines.node.replace(">=", "");

/** Returns a message if the version of Node is older than the package supports, else undefined. */
export const tooOld = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST.split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
    ? undefined
    : `meter needs Node ${OLDEST} or newer, but this is Node ${version}`;
};

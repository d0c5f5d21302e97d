import { useEffect, useState } from "preact/hooks";

/** Where the page is: the parts of the address behind `#/`. */
export const usePlace = (): readonly string[] => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const move = (): void => setHash(location.hash);
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "");
};

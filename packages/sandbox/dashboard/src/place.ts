import { createContext } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import type { Zone } from "./time-text.ts";

/** What the address says behind `#/`: which page, and how it is set. */
export interface Address {
  readonly path: readonly string[];
  readonly params: Readonly<Record<string, string>>;
}

type Params = Readonly<Record<string, string | undefined>>;

/** Kept on the way from page to page: whose clock, and which time. */
const KEPT = ["clock", "range", "from", "to"];

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Of a table: how many rows come before the page shown. */
const isOffset = (name: string): boolean => name.endsWith(".offset");

/** The settings after some of them changed. Another question begins with the first page of its rows. */
export const changedParams = (params: Params, changes: Params): Params => {
  const pages = Object.keys(changes).some(isOffset);
  const kept = Object.entries(params).filter(([name]) => pages || !isOffset(name));
  return { ...Object.fromEntries(kept), ...changes };
};

/** Reads an address. */
export const parseAddress = (hash: string): Address => {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path
      .split("/")
      .filter((part) => part !== "")
      .map(decoded),
    params: Object.fromEntries(new URLSearchParams(query)),
  };
};

/** Writes an address; parameters that are empty are left out. */
export const addressText = (path: readonly string[], params: Params): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined && value !== "") query.set(name, value);
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
};

/** Where the page is, and how to get elsewhere. */
export interface Place extends Address {
  readonly zone: Zone;
  /** Shows the same page with other settings: as a step that "back" takes back, or in place of the last one, as while something is typed. */
  readonly set: (changes: Params, how?: "step" | "replace") => void;
  /** The address of another page, with the clock and the time of this one. */
  readonly linkTo: (path: readonly string[], params?: Params) => string;
}

/** Follows the address. For the root; everything below it calls {@link usePlace}. */
export const useAddress = (): Place => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const move = (): void => setHash(location.hash);
    addEventListener("hashchange", move);
    return () => removeEventListener("hashchange", move);
  }, []);
  return useMemo(() => {
    const address = parseAddress(hash);
    const kept = Object.fromEntries(KEPT.map((name) => [name, address.params[name]]));
    return {
      ...address,
      zone: address.params.clock === "utc" ? "utc" : "local",
      // From the address of that moment: two settings may change before anything is drawn again.
      set: (changes, how = "step") => {
        const { path, params } = parseAddress(location.hash);
        const text = addressText(path, changedParams(params, changes));
        if (how === "step") location.hash = text;
        else location.replace(text);
      },
      linkTo: (path, params) => addressText(path, { ...kept, ...params }),
    };
  }, [hash]);
};

export const PlaceContext = createContext<Place | undefined>(undefined);

export const usePlace = (): Place => {
  const place = useContext(PlaceContext);
  if (place === undefined) throw new Error("usePlace outside the App");
  return place;
};

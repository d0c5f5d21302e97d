import { useCallback, useSyncExternalStore } from "react";

const CHANGED = "stored-flag";

const subscribe = (onChange: () => void): (() => void) => {
  // `storage` comes from other tabs, CHANGED from this one.
  addEventListener("storage", onChange);
  addEventListener(CHANGED, onChange);
  return () => {
    removeEventListener("storage", onChange);
    removeEventListener(CHANGED, onChange);
  };
};

/** A flag that all tabs share and a reload keeps. */
export const useStoredFlag = (key: string): readonly [boolean, (isSet: boolean) => void] => {
  const flag = useSyncExternalStore(subscribe, () => localStorage.getItem(key) === "on");
  const setFlag = useCallback(
    (isSet: boolean) => {
      localStorage.setItem(key, isSet ? "on" : "off");
      dispatchEvent(new Event(CHANGED));
    },
    [key],
  );
  return [flag, setFlag];
};

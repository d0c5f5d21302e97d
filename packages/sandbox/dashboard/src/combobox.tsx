import ComboboxNav from "@github/combobox-nav";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { wordsOf } from "./ask.ts";

/** Options that contain a text, the best first, and not all of many. */
export type FindOptions = (text: string) => Promise<readonly string[]>;

interface Found {
  readonly options: readonly string[];
  /** What is said in place of options. */
  readonly note?: string;
}

const LOADING: Found = { options: [], note: "Loading …" };

/** What is left, for more text, of what was found for less; if that is nothing, there may be other options. */
const narrowed = (found: Found | undefined, text: string): Found => {
  const wanted = text.trim().toLowerCase();
  const options = found?.options.filter((option) => option.toLowerCase().includes(wanted)) ?? [];
  return options.length === 0 ? LOADING : { options };
};

/** One of many, found by writing a part of it. Empty means all. */
export const Combobox = ({
  label,
  value,
  find,
  onChoose,
  free = false,
  required = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly find: FindOptions;
  readonly onChoose: (value: string) => void;
  /** Whether what is written may be none of the options. */
  readonly free?: boolean;
  /** Whether "all" is no choice. */
  readonly required?: boolean;
}) => {
  const [text, setText] = useState(value);
  /** Undefined while it is closed. */
  const [found, setFound] = useState<Found>();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const asked = useRef(0);
  const id = useId();
  useEffect(() => setText(value), [value]);

  const open = async (wanted: string): Promise<void> => {
    const mine = ++asked.current;
    setFound((before) => before ?? LOADING);
    let next: Found;
    try {
      const options = await find(wanted);
      next = options.length > 0 ? { options } : { options, note: "Nothing matches." };
    } catch (error) {
      next = { options: [], note: `Unknown. ${wordsOf(error)}` };
    }
    if (mine === asked.current) setFound(next);
  };
  const close = (): void => {
    asked.current++;
    setFound(undefined);
  };
  const choose = (chosen: string): void => {
    close();
    setText(chosen);
    if (chosen !== value) onChoose(chosen);
  };
  const reset = (): void => {
    close();
    setText(value);
  };
  /** What was written and not chosen: taken if it may be, or is an option, which may not have been found yet; else as it was before. */
  const settle = async (): Promise<void> => {
    const written = text.trim();
    if (written === value || (written === "" && required)) return reset();
    if (written === "" || free || found?.options.includes(written)) return choose(written);
    close();
    const mine = asked.current;
    const isOption = await find(written).then(
      (options) => options.includes(written),
      () => false,
    );
    if (mine !== asked.current) return;
    if (isOption) choose(written);
    else reset();
  };

  // Moves through the options by arrow keys and says which is meant, as the pattern of the W3C asks for.
  const chosen = useRef(choose);
  chosen.current = choose;
  const nav = useRef<ComboboxNav | null>(null);
  useLayoutEffect(() => {
    const [field, box] = [input.current, list.current];
    if (field === null || box === null) return;
    // Once: its end takes the role of a combobox away.
    const made = new ComboboxNav(field, box, { firstOptionSelectionMode: "none" });
    nav.current = made;
    const commit = (event: Event): void => {
      if (event.target instanceof HTMLElement) chosen.current(event.target.textContent);
    };
    // Before the field loses the focus: what is clicked is chosen.
    const hold = (event: Event): void => event.preventDefault();
    box.addEventListener("combobox-commit", commit);
    box.addEventListener("mousedown", hold);
    return () => {
      made.destroy();
      box.removeEventListener("combobox-commit", commit);
      box.removeEventListener("mousedown", hold);
    };
  }, []);
  const isOpen = found !== undefined;
  // With the options and not after them: a key that is pressed as soon as they are seen counts. An option stays meant when others come or go.
  useLayoutEffect(() => {
    if (!isOpen) return;
    nav.current?.start();
    return () => nav.current?.stop();
  }, [isOpen]);

  return (
    <div class="combobox">
      <label for={id}>{label}</label>
      <input
        ref={input}
        id={id}
        type="text"
        role="combobox"
        autoComplete="off"
        spellcheck={false}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        placeholder={required ? "" : "All"}
        value={text}
        onFocus={(e) => e.currentTarget.select()}
        onClick={() => void open(text === value ? "" : text)}
        onInput={(e) => {
          const wanted = e.currentTarget.value;
          setText(wanted);
          setFound((before) => narrowed(before, wanted));
          void open(wanted);
        }}
        onBlur={() => void settle()}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown" && !isOpen) void open(text === value ? "" : text);
          if (e.key === "Escape") reset();
          if (e.key === "Enter" && !list.current?.querySelector('[aria-selected="true"]')) void settle();
        }}
      />
      {value !== "" && !required && (
        <button type="button" class="clear" aria-label={`Clear ${label}`} onClick={() => choose("")}>
          ×
        </button>
      )}
      <div
        ref={list}
        id={`${id}-list`}
        class="options"
        role="listbox"
        tabIndex={-1}
        aria-label={label}
        hidden={!isOpen}
      >
        {found?.options.map((option) => (
          <div key={option} id={`${id}-${encodeURIComponent(option)}`} role="option" tabIndex={-1} class="id">
            {option}
          </div>
        ))}
        {found?.note !== undefined && (
          <div role="option" tabIndex={-1} aria-disabled="true" class="note">
            {found.note}
          </div>
        )}
      </div>
    </div>
  );
};

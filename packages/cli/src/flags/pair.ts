import { CliError } from "../errors/cli-error.ts";

/** Collects a repeatable flag `--flag name=value` into an object. Repeating a name is an error. */
export const pairs =
  (flag: string, form: string) =>
  (text: string, gathered: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
    const at = text.indexOf("=");
    if (at < 1 || at === text.length - 1) throw CliError.usage(flag, form, JSON.stringify(text));
    const name = text.slice(0, at);
    if (Object.hasOwn(gathered, name)) throw CliError.usage(flag, `${JSON.stringify(name)} once`, "it twice");
    return { ...gathered, [name]: text.slice(at + 1) };
  };

/** Collects a repeatable flag into a list. */
export const list = (text: string, gathered: readonly string[] = []): readonly string[] => [
  ...gathered,
  text,
];

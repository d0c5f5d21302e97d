import type { Argument, Command, Option } from "commander";

/** A completion for the end of a line. */
export interface Candidates {
  readonly words: readonly Candidate[];
  /** Whether file names are possible, too. */
  readonly files: boolean;
}

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

const NOTHING: Candidates = { words: [], files: false };
const FILES: Candidates = { words: [], files: true };
const FILE_ARGUMENTS = new Set(["file", "outbox", "before", "after"]);

/**
 * Lists completions for the last word, from the commands and flags of the program.
 *
 * @param words - without the program's name; the last one is being typed and may be empty
 */
export const candidates = (program: Command, words: readonly string[]): Candidates => {
  const typed = words.at(-1) ?? "";
  const place = placeOf(program, words.slice(0, -1));
  const all = place.option === undefined ? offered(place, typed) : ofOption(place.option);
  return { ...all, words: all.words.filter(({ word }) => word.startsWith(typed)) };
};

interface Place {
  readonly command: Command;
  /** Number of arguments before it. */
  readonly position: number;
  /** The flag whose value is being typed. */
  readonly option: Option | undefined;
}

const placeOf = (program: Command, words: readonly string[]): Place => {
  let command = program;
  let position = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) {
      option = undefined;
    } else if (word.startsWith("-")) {
      const known = optionsOf(command).find(({ short, long }) => word === short || word === long);
      option = known?.required ? known : undefined;
    } else {
      const next: Command | undefined =
        position === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) position++;
      else command = next;
    }
  }
  return { command, position, option };
};

const optionsOf = (command: Command): readonly Option[] => {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
};

const offered = ({ command, position }: Place, typed: string): Candidates => {
  if (typed.startsWith("-")) {
    const words = optionsOf(command).map(({ long, short, description }) => ({
      word: long ?? short ?? "",
      description,
    }));
    return { words, files: false };
  }
  const help = command.createHelp();
  if (command.commands.length > 0) {
    const words = help
      .visibleCommands(command)
      .map((one) => ({ word: one.name(), description: one.description() }));
    return { words, files: false };
  }
  const argument: Argument | undefined = command.registeredArguments[position];
  if (argument === undefined) return NOTHING;
  if (argument.argChoices !== undefined) return choices(argument.argChoices);
  return FILE_ARGUMENTS.has(argument.name()) ? FILES : NOTHING;
};

const ofOption = ({ argChoices, flags }: Option): Candidates => {
  if (argChoices !== undefined) return choices(argChoices);
  return flags.endsWith("<file>") ? FILES : NOTHING;
};

const choices = (words: readonly string[]): Candidates => ({
  words: words.map((word) => ({ word, description: "" })),
  files: false,
});

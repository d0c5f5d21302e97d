import { Argument, type Command } from "commander";
import { SHELLS, type Shell, shellScript } from "../complete/shell-script.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import type { Report } from "../terminal/report.ts";

/** Prints the completion script for a shell. */
const completion = async (shell: Shell): Promise<Report> => {
  const script = shellScript(shell);
  return { exit: EXIT.done, lines: script.trimEnd().split("\n"), data: { shell, script } };
};

export const completionCommand = (command: Command, invoke: Invoke): Command =>
  command
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  bash  in ~/.bashrc: source <(meter completion bash)
  zsh   in ~/.zshrc, after compinit: source <(meter completion zsh)
  fish  in ~/.config/fish/config.fish: meter completion fish | source`,
    )
    .action((shell: Shell) => invoke(command, () => completion(shell)));

import { Argument, Command } from "commander";
import { SHELLS, type Shell } from "../complete/shell-script.ts";
import type { Invoke } from "../invoke.ts";

export const completionCommand = (invoke: Invoke): Command =>
  new Command("completion")
    .description("print the script that completes commands and flags in a shell")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  bash  in ~/.bashrc: source <(meter completion bash)
  zsh   in ~/.zshrc, behind compinit: source <(meter completion zsh)
  fish  in ~/.config/fish/config.fish: meter completion fish | source`,
    )
    .action((shell: Shell, _flags: unknown, command: Command) =>
      invoke(command, async () => (await import("../commands/completion.ts")).completion(shell)),
    );

export type Shell = "bash" | "zsh" | "fish";

export const SHELLS = ["bash", "zsh", "fish"] as const satisfies readonly Shell[];

// Each script calls `meter complete` for the candidates at the end of the line: one per line, a word, a tab and its description; `:files`
// if file names are possible.

const BASH = `# meter: completion for bash. In ~/.bashrc: source <(meter completion bash)
_meter() {
  local line typed="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ":files" ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$typed")
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(meter complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _meter meter
`;

const ZSH = `#compdef meter
# meter: completion for zsh. In ~/.zshrc, after compinit: source <(meter completion zsh)
_meter() {
  local line files
  local -a described
  for line in "\${(@f)$(meter complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ":files" ]]; then
      files=1
    elif [[ $line != *$'\\t'* ]]; then
      [[ -n $line ]] && described+=("\${line//:/\\\\:}")
    else
      described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done
  (( \${#described} )) && _describe 'meter' described
  [[ -n $files ]] && _files
}
compdef _meter meter
`;

const FISH = `# meter: completion for fish. In ~/.config/fish/config.fish: meter completion fish | source
function __meter_complete
  set -l words (commandline -opc)
  for line in (meter complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c meter -f -a '(__meter_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Returns the script that a shell reads to complete the commands of `meter`. */
export const shellScript = (shell: Shell): string => SCRIPTS[shell];

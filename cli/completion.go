package cli

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/spf13/pflag"
)

func completionCommand() command {
	return command{
		name: "completion", args: "bash|zsh|fish", short: "shell completion",
		long: `
Prints a completion script made from the commands and flags of this binary.

  bash   source <(homestak completion bash)
  zsh    homestak completion zsh > "${fpath[1]}/_homestak"
  fish   homestak completion fish > ~/.config/fish/completions/homestak.fish`,
		setup: func(*pflag.FlagSet) func(context.Context, *app, []string) error { return completion },
	}
}

func completion(_ context.Context, a *app, args []string) error {
	if len(args) != 1 {
		return usage("completion takes one shell: bash, zsh or fish")
	}
	switch args[0] {
	case "bash":
		fmt.Fprint(a.stdout, bashCompletion())
	case "zsh":
		fmt.Fprint(a.stdout, "#compdef homestak\nautoload -U +X bashcompinit && bashcompinit\n"+bashCompletion())
	case "fish":
		fmt.Fprint(a.stdout, fishCompletion())
	default:
		return notOneOf("completion", args[0], "bash", "zsh", "fish")
	}
	return nil
}

// words of one command: its flags, long form first.
func (c command) words() []string {
	f := newFlags(c.name)
	c.setup(f)
	var out []string
	f.VisitAll(func(fl *pflag.Flag) { out = append(out, "--"+fl.Name) })
	sort.Strings(out)
	return out
}

func bashCompletion() string {
	var b strings.Builder
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	fmt.Fprintf(&b, "_homestak() {\n  local cur=${COMP_WORDS[COMP_CWORD]} words=%q\n", strings.Join(names, " ")+" help")
	b.WriteString("  if [ \"$COMP_CWORD\" -gt 1 ]; then\n    case ${COMP_WORDS[1]} in\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "      %s) words=%q ;;\n", c.name, strings.Join(c.words(), " "))
	}
	b.WriteString(`      help) ;;
      *) words= ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  case $cur in -*) ;; *) [ "$COMP_CWORD" -gt 1 ] && COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
}
complete -F _homestak homestak
`)
	return b.String()
}

func fishCompletion() string {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "complete -c homestak -n __fish_use_subcommand -a %s -d %q\n", c.name, c.short)
		for _, w := range c.words() {
			fmt.Fprintf(&b, "complete -c homestak -n '__fish_seen_subcommand_from %s' -l %s\n", c.name, strings.TrimPrefix(w, "--"))
		}
	}
	return b.String()
}

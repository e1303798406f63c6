// Command homestak turns manifests into a plan people can review, and applies
// exactly that plan to Proxmox VE hosts. Everything it does is in package cli
// and below; see docs/architecture.md.
package main

import (
	"os"

	"github.com/homestak/homestak/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

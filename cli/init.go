package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/ca"
)

const (
	codeNotEmpty diag.Code = "HS0991"
	codeNoWrite  diag.Code = "HS0992"
)

func initCommand() command {
	return command{
		name: "init", args: "DIR", short: "make a new site",
		long: `
Makes a directory with everything a site needs: site.yaml with a fresh site id,
an example manifest, an empty secrets.yaml (mode 0600), the site's keys
(keys/site.age, encrypted to keys/identity.txt) and a .gitignore that keeps
secrets and the identity out of version control. A directory that holds a site
already is left alone.

  homestak init mysite
  homestak init --keys     only the keys, in the site you are in`,
		setup: func(f *pflag.FlagSet) func(context.Context, *app, []string) error {
			var keysOnly bool
			var s siteFlags
			f.BoolVar(&keysOnly, "keys", false, "make keys for an existing site")
			s.declare(f)
			return func(_ context.Context, a *app, args []string) error {
				if keysOnly {
					if len(args) > 0 {
						return usage("init --keys works on the site you are in, or on --site DIR")
					}
					return a.initKeys(s)
				}
				if len(args) != 1 {
					return usage("init takes one directory")
				}
				return a.initSite(args[0])
			}
		},
	}
}

func (a *app) initKeys(s siteFlags) error {
	dir, err := a.findSite(s.site)
	if err != nil {
		return err
	}
	if _, err := ca.Generate(dir); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "made the site's keys in %s\n", filepath.Join(dir, "keys"))
	return nil
}

func (a *app) initSite(dir string) error {
	if isSite(dir) {
		d := codeNotEmpty.Errorf("there is a site in %s already", dir)
		d.Help = "name another directory; `homestak init --keys --site DIR` makes only what keys are missing"
		return d
	}
	for _, f := range scaffold() {
		if err := writeNew(filepath.Join(dir, f.name), f.text, f.mode); err != nil {
			return err
		}
	}
	if _, err := ca.Generate(dir); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, `made a site in %[1]s

  try it in the embedded lab:   homestak test -M hello -H lab --site %[1]s
  then point it at a host:      %[1]s/hosts/README.md

Back up %[1]s/keys/identity.txt: without it the site's keys, and with them the
proof of which guests are yours, cannot be opened.
`, dir)
	return nil
}

func writeNew(name, text string, mode os.FileMode) error {
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		var f *os.File
		if f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); err == nil {
			_, err = f.WriteString(text)
			err = errors.Join(err, f.Close())
		}
	}
	if err != nil {
		d := codeNoWrite.Errorf("cannot write %s", name)
		d.Label, d.Help = cause(err).Error(), "use an empty directory that you may write to"
		return d
	}
	return nil
}

type scaffoldFile struct {
	name, text string
	mode       os.FileMode
}

func scaffold() []scaffoldFile {
	return []scaffoldFile{
		{"site.yaml", strings.Replace(siteYAML, "SITE_ID", newUUID(), 1), 0o644},
		{"secrets.yaml", secretsYAML, 0o600},
		{".gitignore", ".homestak/\nsecrets.yaml\nkeys/identity.txt\nplan.bin\n", 0o644},
		{"manifests/hello.yaml", helloYAML, 0o644},
		{"hosts/README.md", hostsReadme, 0o644},
	}
}

// newUUID is random (version 4). Reading randomness never fails.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

const siteYAML = `# Who this site is. Guests are recognised by it: never change it.
site_id: SITE_ID

defaults:
  timezone: UTC
  bridge: vmbr0
`

const secretsYAML = `# Values that never leave the driver. Keep this file out of version control.

# One API token per Proxmox VE host, by the host's name in hosts/:
#   father: "root@pam!homestak=01234567-89ab-cdef-0123-456789abcdef"
api_tokens: {}

# Public SSH keys, by a name of your choice; users of specs get them.
ssh_keys: {}

passwords:
  vm_root: ""
`

const helloYAML = `schema_version: 2
name: hello
description: one small machine

nodes:
  - name: hello
    type: vm
    spec: base
    preset: vm-small
    image: debian-12
`

const hostsReadme = `# Hosts

One file per Proxmox VE host. hosts/father.yaml:

    node: father                       # its PVE node name
    endpoint: https://192.0.2.10:8006
    fingerprint: "AA:BB:..."           # pvenode cert info, on the host
    datastore: local-lvm               # for guest disks

and its API token in secrets.yaml, below api_tokens, as "father".

    homestak host trust father https://192.0.2.10:8006    makes the file
    homestak host check father                            tries it
`

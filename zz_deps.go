//go:build deps

package main

import (
	_ "filippo.io/age"
	_ "github.com/alecthomas/participle/v2"
	_ "github.com/diskfs/go-diskfs/filesystem/iso9660"
	_ "github.com/fxamacker/cbor/v2"
	_ "github.com/gofrs/flock"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/hashicorp/hcl/v2/hclsyntax"
	_ "github.com/hashicorp/hcl/v2/hclwrite"
	_ "github.com/kdomanski/iso9660"
	_ "github.com/luthermonson/go-proxmox"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/rogpeppe/go-internal/txtar"
	_ "github.com/santhosh-tekuri/jsonschema/v6"
	_ "github.com/sebdah/goldie/v2"
	_ "github.com/spf13/pflag"
	_ "github.com/zclconf/go-cty/cty/function/stdlib"
	_ "go.yaml.in/yaml/v4"
	_ "golang.org/x/crypto/ssh/knownhosts"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/sync/semaphore"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "golang.org/x/text/unicode/norm"
	_ "golang.org/x/tools/go/analysis"
	_ "pgregory.net/rapid"
)

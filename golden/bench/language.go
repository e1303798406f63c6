package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// language: validate, fmt and convert of one manifest in both syntaxes, every
// tenth node the parent of the next nine. Convert's rows are named by what it
// reads.
func (b *bench) language() error {
	limits := map[string]map[int]string{
		"validate yaml": {1_000: "0.12 s cpu", 10_000: "1.0 s cpu", 100_000: "2 GiB"},
		"validate hcl":  {10_000: "1.8 s cpu", 100_000: "2 GiB"},
		"fmt yaml":      {10_000: "2 s cpu"},
		"fmt hcl":       {10_000: "2 s cpu"},
	}
	sizes := []int{10, 100, 1_000, 10_000, 100_000}
	for _, n := range sizes {
		if err := b.both(n); err != nil {
			return err
		}
	}
	for _, verb := range []string{"validate", "fmt", "convert"} {
		for _, ext := range []string{"yaml", "hcl"} {
			for _, n := range sizes {
				site, file := b.inSyntax(n, ext)
				args := map[string][]string{
					"validate": {"validate", "-M", "big", "--site", site}, "fmt": {"fmt", "-l", file}, "convert": {"convert", file},
				}[verb]
				u, err := b.measure(3, args...)
				if err != nil {
					return err
				}
				b.row(verb+" "+ext, n, u, limits[verb+" "+ext][n])
			}
		}
	}
	return nil
}

func (b *bench) inSyntax(n int, ext string) (site, file string) {
	site = filepath.Join(b.dir, fmt.Sprint(ext, n))
	return site, filepath.Join(site, "manifests", "big."+ext)
}

// both writes a site of n nodes in each syntax.
func (b *bench) both(n int) error {
	site, err := b.site(fmt.Sprint("yaml", n), n, true)
	if err != nil {
		return err
	}
	other, file := b.inSyntax(n, "hcl")
	if err := b.write(other, "none", ""); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(other, "manifests", "none.yaml")); err != nil {
		return err
	}
	_, err = b.measure(1, "convert", filepath.Join(site, "manifests", "big.yaml"), "-o", file)
	return err
}

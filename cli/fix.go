package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// fix applies the fixes of all findings, file by file. A cured mistake may have
// hidden another one, so it goes on while something changes. It ends, because
// what was written once is not written again.
func (a *app) fix(s siteFlags) error {
	const rounds = 1000
	total := 0
	written := map[string]bool{}
	for range rounds {
		dir, findings, err := a.examine(s)
		if err != nil {
			return err
		}
		edits, err := fixOnce(dir, findings, written)
		total += edits
		if err != nil {
			return err
		}
		if edits == 0 {
			break
		}
	}
	fmt.Fprintf(a.stderr, "%s\n", changed(total))
	return nil
}

// fixOnce writes what one round of fixes makes of each file, unless that is a
// text that was there before.
func fixOnce(dir string, findings diag.List, written map[string]bool) (edits int, err error) {
	for _, f := range diag.Apply(findings) {
		written[f.File.Name+"\x00"+string(f.File.Text)] = true
		if written[f.File.Name+"\x00"+string(f.Text)] {
			continue
		}
		if err := rewrite(dir, f.File, f.Text); err != nil {
			return edits, err
		}
		edits += f.Edits
	}
	return edits, nil
}

func changed(n int) string {
	switch n {
	case 0:
		return "nothing to fix"
	case 1:
		return "1 change made"
	}
	return fmt.Sprintf("%d changes made", n)
}

// rewrite replaces a file of the site as a whole, unless it is no longer what
// was read. Links stay links, and lead to no file outside of the site.
func rewrite(dir string, f *source.File, text []byte) error {
	err := rewriteIn(dir, f, text)
	if err == nil {
		return nil
	}
	d := codeNoWrite.Errorf("cannot write %s", f.Name)
	d.Label, d.Help = cause(err).Error(), "see who else writes to it, then try again"
	return d
}

func rewriteIn(dir string, f *source.File, text []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	now, err := root.ReadFile(f.Name) // refuses links out of the site
	switch {
	case err != nil:
		return err
	case !bytes.Equal(now, f.Text):
		return errors.New("it was changed meanwhile")
	}
	name := filepath.Join(dir, filepath.FromSlash(f.Name))
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return replaceFile(name, text, info)
}

package seed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

var mode = regexp.MustCompile(`^0?[0-7]{3}$`)

// check says what is wrong with the additions, "" when nothing is.
func (e *Extra) check() string {
	for _, f := range e.Files {
		switch {
		case !path.IsAbs(f.Path) || path.Clean(f.Path) != f.Path || len(f.Path) < 2:
			return fmt.Sprintf("%q is not an absolute path", f.Path)
		case !mode.MatchString(f.Mode):
			return fmt.Sprintf("%q is not a mode", f.Mode)
		case f.Owner == "" || strings.ContainsAny(f.Owner, ": "):
			return fmt.Sprintf("%q is not a user", f.Owner)
		case !utf8.ValidString(f.Content):
			return f.Path + " is not text"
		}
	}
	for _, c := range append(e.Commands, e.Packages...) {
		if c == "" || !utf8.ValidString(c) || strings.ContainsAny(c, "\n\x00") {
			return "a package or command is not one line of text"
		}
	}
	return ""
}

// write appends an entry of write_files. A file of somebody is written when
// that somebody is there: after the users were made.
func (f *File) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "  - path: %s\n    owner: %s\n    permissions: %s\n    content: %s\n", text(f.Path), text(f.Owner+":"+f.Owner), text(f.Mode), text(f.Content))
	if f.Owner != "root" {
		b.WriteString("    defer: true\n")
	}
}

// items are those of a list, one a line.
func items(list []string) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString("  - " + text(s) + "\n")
	}
	return b.String()
}

// text is any text as a YAML scalar: JSON's strings are such, but for characters
// that JSON leaves alone and YAML 1.1, which cloud-init reads, does not allow.
func text(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // of a string, into memory: never fails
	var out strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

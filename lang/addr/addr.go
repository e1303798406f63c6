package addr

import (
	"fmt"
	"slices"
	"strings"
)

// Address is the full path of a node: manifest, ancestors, name.
type Address string

// New joins a manifest name and a path of node names.
func New(manifest string, path ...string) Address {
	return Address(manifest + "/" + strings.Join(path, "/"))
}

// Child is the address of a node spawned by the node a.
func (a Address) Child(name string) Address { return a + "/" + Address(name) }

// Manifest is the first segment.
func (a Address) Manifest() string {
	m, _, _ := strings.Cut(string(a), "/")
	return m
}

// Name is the last segment: the node's own name.
func (a Address) Name() string { return string(a[strings.LastIndexByte(string(a), '/')+1:]) }

// Parent is the address of the node that spawns a, or "" for a root node.
func (a Address) Parent() Address {
	i := strings.LastIndexByte(string(a), '/')
	if i < 0 || !strings.Contains(string(a[:i]), "/") {
		return ""
	}
	return a[:i]
}

// Depth is 1 for a root node, 2 for its children, and so on.
func (a Address) Depth() int { return strings.Count(string(a), "/") }

// Parse checks the syntax of an address given by a user.
func Parse(s string) (Address, error) {
	parts := strings.Split(s, "/")
	if len(parts) < 2 {
		return "", fmt.Errorf("address %q needs a manifest and a node, as in \"n2-push/root-pve\"", s)
	}
	if slices.Contains(parts, "") {
		return "", fmt.Errorf("address %q has an empty part: write names with one slash in between", s)
	}
	if !validManifest(parts[0]) {
		return "", fmt.Errorf("address %q: %q is no manifest's name (letters, digits, _ . and -, at most 63)", s, parts[0])
	}
	for _, p := range parts[1:] {
		if !ValidName(p) {
			return "", fmt.Errorf("address %q: %q is not a name (lower-case letters, digits and inner hyphens, at most 63)", s, p)
		}
	}
	return Address(s), nil
}

// validManifest reports whether s can name a manifest, as a file can be called.
func validManifest(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '_' && c != '.' && c != '-') {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

// ValidName reports whether s can name a node: one DNS label in lower case
// (RFC 1123), because the name becomes the guest's hostname.
func ValidName(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

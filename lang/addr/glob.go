package addr

import (
	"fmt"
	"strings"
)

// Glob is a pattern of addresses. In it, * is any run of characters of one
// segment, ? is one character, and a segment ** is any number of segments:
//
//	n2-push/root-pve        this node
//	n2-push/*               the root nodes of the manifest
//	n2-push/root-pve/**     everything inside root-pve, not root-pve itself
//	*/web-*                 root nodes whose name begins with web-
//	**/edge                 every node called edge, however deep
//	edge, web-*             without a slash: nodes of such a name, however deep
//	**                      every node
//
// The zero Glob matches nothing. Matching takes time in proportion to the two
// lengths multiplied, whatever the pattern.
type Glob struct {
	text     string
	segments []string
	wild     bool
}

// GlobError says what is wrong with a pattern and where.
type GlobError struct {
	Offset, Length int // in bytes of the pattern
	Reason         string
	Help           string
}

func (e *GlobError) Error() string { return e.Reason }

// most is the longest pattern in bytes: far beyond any address, for names have
// at most 63.
const most = 1024

// ParseGlob reads a pattern. The error is a *GlobError.
func ParseGlob(s string) (Glob, error) {
	if len(s) > most {
		return Glob{}, &GlobError{0, len(s), fmt.Sprintf("longer than %d bytes", most), "shorten it"}
	}
	segments := strings.Split(s, "/")
	at := 0
	for i, seg := range segments {
		switch {
		case s == "":
			return Glob{}, &GlobError{0, 0, "an empty pattern", "write ** for every node"}
		case seg == "":
			return Glob{}, &GlobError{at, 0, "an empty segment", "write names with one slash in between, as in n2-push/root-pve/**"}
		case seg != "**" && strings.Contains(seg, "**"):
			return Glob{}, &GlobError{at, len(seg), "** stands alone in its segment", "write * for any characters of a name"}
		case i > 0 && seg == "**" && segments[i-1] == "**":
			return Glob{}, &GlobError{at, len(seg), "** twice in a row", "one ** is any number of segments"}
		}
		if bad := strings.IndexFunc(seg, func(r rune) bool { return !inPattern(r) }); bad >= 0 {
			r := []rune(seg[bad:])[0]
			return Glob{}, &GlobError{at + bad, len(string(r)), fmt.Sprintf("no name has %q", r),
				"names have letters, digits and hyphens; * and ? stand for others"}
		}
		at += len(seg) + 1
	}
	return Glob{s, segments, strings.ContainsAny(s, "*?")}, nil
}

func inPattern(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.*?", r)
}

// String is the pattern as it was written.
func (g Glob) String() string { return g.text }

// Literal reports whether the pattern names one thing: it has no * and no ?.
func (g Glob) Literal() bool { return !g.wild }

// Match reports whether the address is one of the pattern's.
func (g Glob) Match(a Address) bool {
	switch {
	case g.text == "":
		return false
	case len(g.segments) > 1 && !g.wild:
		return g.text == string(a)
	case len(g.segments) > 1:
		return matchPath(g.segments, string(a))
	case g.text == "**":
		return true
	case !g.wild:
		return g.text == a.Name()
	}
	return Wild(g.text, a.Name())
}

// matchPath goes back to the last ** only: what an earlier one could take, the
// last can take as well.
func matchPath(pattern []string, path string) bool {
	p, rest, star, from := 0, path, -1, ""
	for more := true; more; {
		segment, after, further := strings.Cut(rest, "/")
		switch {
		case p == len(pattern)-1 && pattern[p] == "**":
			return true // inside: there is at least one more segment
		case p < len(pattern) && pattern[p] == "**":
			star, from = p, rest
			p++
		case p < len(pattern) && Wild(pattern[p], segment):
			p, rest, more = p+1, after, further
		case star >= 0:
			_, from, more = strings.Cut(from, "/")
			p, rest = star+1, from
		default:
			return false
		}
	}
	return p == len(pattern)
}

// Wild reports whether text is what pattern says, where * is any run of
// characters and ? is any one.
func Wild(pattern, text string) bool {
	if n := len(pattern); n > 0 && pattern[n-1] != '*' && pattern[n-1] != '?' && !strings.HasSuffix(text, pattern[n-1:]) {
		return false // most texts end here
	}
	p, s, star, from := 0, 0, -1, 0
	for s < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, s
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[s]):
			p, s = p+1, s+1
		case star >= 0:
			from++
			p, s = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

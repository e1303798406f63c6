package faults

import (
	"errors"
	"slices"
	"strings"
)

// pattern is what On says.
type pattern struct {
	verb string // "" = any
	segs []string
	rest bool // more segments may follow
}

var verbs = []string{"GET", "POST", "PUT", "DELETE", "CONNECT"}

func parsePattern(on string) (pattern, error) {
	if on == "" {
		return pattern{rest: true}, nil
	}
	verb, path, ok := strings.Cut(on, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		return pattern{}, errors.New("it is a verb and a path, as in POST /nodes/*/qemu or * /pools/**")
	}
	p := pattern{verb: verb}
	switch {
	case verb == "*":
		p.verb = ""
	case !slices.Contains(verbs, verb):
		return pattern{}, errors.New("the verb is * or one of " + strings.Join(verbs, ", "))
	}
	p.segs = strings.Split(strings.Trim(path, "/"), "/")
	if n := len(p.segs); p.segs[n-1] == "**" {
		p.segs, p.rest = p.segs[:n-1], true
	}
	if slices.Contains(p.segs, "**") {
		return pattern{}, errors.New("** stands at the end only")
	}
	return p, nil
}

func (p pattern) matches(verb, path string) bool {
	if p.verb != "" && p.verb != verb {
		return false
	}
	segs := strings.Split(strings.Trim(path, "/"), "/")
	if len(segs) < len(p.segs) || len(segs) > len(p.segs) && !p.rest {
		return false
	}
	for i, want := range p.segs {
		if want != "*" && want != segs[i] {
			return false
		}
	}
	return true
}

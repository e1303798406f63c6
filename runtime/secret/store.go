package secret

import (
	"sort"
	"strings"
	"sync"

	"github.com/homestak/homestak/lang/diag"
)

// Store is the secrets of a site and of a run. It is safe for concurrent use.
type Store struct {
	values   map[string]Value
	warnings diag.List

	mu       sync.Mutex
	learned  []Value
	replacer *strings.Replacer // nil when it must be rebuilt
}

// Empty is a store with no secrets, for a site that has no secrets file.
func Empty() *Store { return &Store{values: map[string]Value{}} }

// Names lists what there is, sorted.
func (s *Store) Names() []string {
	names := make([]string, 0, len(s.values))
	for name := range s.values {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Get returns a secret by its dotted name. A secret that is present with an
// empty value ("" in the file) is found, and is empty.
func (s *Store) Get(name string) (Value, bool) {
	v, ok := s.values[name]
	return v, ok
}

// Warnings are the findings about the file that do not stop anyone, such as a
// plain file that others can read.
func (s *Store) Warnings() diag.List { return s.warnings }

// Learn makes Redact know a value that a run minted, such as an API token.
func (s *Store) Learn(v Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned = append(s.learned, v)
	s.replacer = nil
}

// minRedact is the length from which a value is looked for in text. Shorter
// ones ("1", "root") would blot out innocent words and protect nothing.
const minRedact = 6

// Redact replaces every known value in text by Redacted. It is the last line of
// defence at the edges, for text that others wrote (a task log, the stderr of a
// command); our own text never has a value to begin with.
func (s *Store) Redact(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replacer == nil {
		s.replacer = s.buildReplacer()
	}
	return s.replacer.Replace(text)
}

// buildReplacer collects the forms in which a value may turn up: whole, line by
// line (a key quoted in part, or with escaped line ends), and the secret half of
// an API token. Longer forms go first, so that none leaves a readable rest.
func (s *Store) buildReplacer() *strings.Replacer {
	forms := map[string]bool{}
	add := func(text string) {
		if text = strings.TrimSpace(text); len(text) >= minRedact {
			forms[text] = true
		}
	}
	values := append([]Value(nil), s.learned...)
	for _, v := range s.values {
		values = append(values, v)
	}
	for _, v := range values {
		text := string(v.Reveal())
		add(text)
		if strings.Contains(text, "\n") {
			for _, line := range strings.Split(text, "\n") {
				if len(line) >= 2*minRedact {
					add(line)
				}
			}
		}
		if id, key, ok := strings.Cut(text, "="); ok && strings.Contains(id, "!") {
			add(key)
		}
	}
	ordered := make([]string, 0, len(forms))
	for form := range forms {
		ordered = append(ordered, form)
	}
	sort.Slice(ordered, func(i, j int) bool {
		if len(ordered[i]) != len(ordered[j]) {
			return len(ordered[i]) > len(ordered[j])
		}
		return ordered[i] < ordered[j]
	})
	pairs := make([]string, 0, 2*len(ordered))
	for _, form := range ordered {
		pairs = append(pairs, form, Redacted)
	}
	return strings.NewReplacer(pairs...)
}

package secret

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/diag"
)

// Parse reads the plain YAML text of a secrets file: a mapping of mappings whose
// leaves are scalars. A leaf's name is its path joined by dots; items of a list
// count from 0. name is the file's name for messages.
func Parse(name string, text []byte) (*Store, error) {
	if line := tooDeep(text); line > 0 {
		return nil, malformed(name, line, "it is nested too deeply")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		line := 0
		var load *yaml.LoadError
		if errors.As(err, &load) {
			line = load.Mark.Line
		}
		return nil, malformed(name, line, "it is not valid YAML")
	}
	s := Empty()
	if len(doc.Content) == 0 {
		return s, nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return s, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, malformed(name, root.Line, "expected a mapping such as api_tokens, passwords, ssh_keys")
	}
	if err := s.collect(name, "", root); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) collect(file, path string, n *yaml.Node) error {
	switch n.Kind {
	case yaml.MappingNode:
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if key.Kind != yaml.ScalarNode {
				return malformed(file, key.Line, "a name must be plain text")
			}
			if seen[key.Value] {
				return malformed(file, key.Line, fmt.Sprintf("%q is there twice", key.Value))
			}
			seen[key.Value] = true
			if err := s.collect(file, strings.TrimPrefix(path+"."+key.Value, "."), n.Content[i+1]); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if err := s.collect(file, path+"."+strconv.Itoa(i), item); err != nil {
				return err
			}
		}
	case yaml.ScalarNode:
		value := n.Value
		if n.Tag == "!!null" {
			value = ""
		}
		if _, twice := s.values[path]; twice {
			return malformed(file, n.Line, fmt.Sprintf("%q is there twice", path))
		}
		s.values[path] = New([]byte(value))
	default:
		return malformed(file, n.Line, "anchors and aliases are not supported in a secrets file")
	}
	return nil
}

// tooDeep returns the first line nested deeper than any secrets file needs, or
// 0. It runs before the parser, whose work must stay bounded on hostile input.
func tooDeep(text []byte) int {
	const deepest = 64
	line, depth := 1, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\n':
			line++
			indent := 0
			for i+1+indent < len(text) && text[i+1+indent] == ' ' {
				indent++
			}
			if indent > 8*deepest {
				return line
			}
		case '[', '{':
			if depth++; depth > deepest {
				return line
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return 0
}

func malformed(name string, line int, why string) *diag.Diagnostic {
	d := codeMalformed.Errorf("%s cannot be used", name)
	d.Label = why
	if line > 0 {
		d.Label += fmt.Sprintf(" (line %d)", line)
	}
	d.Help = "correct the file; its text is not shown here because it may hold values"
	return d
}

package jsonschema

import (
	"bytes"
	"encoding/json"
)

// draft is the dialect of the documents.
const draft = "https://json-schema.org/draft/2020-12/schema"

// node is one schema. Its fields are the keywords in use, in the order that
// they are read best in.
type node struct {
	Schema      string   `json:"$schema,omitempty"`
	ID          string   `json:"$id,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Deprecated  bool     `json:"deprecated,omitempty"`
	If          *node    `json:"if,omitempty"`
	Then        *node    `json:"then,omitempty"`
	Else        *node    `json:"else,omitempty"`
	AnyOf       []*node  `json:"anyOf,omitempty"`
	Type        types    `json:"type,omitempty"`
	Enum        []any    `json:"enum,omitzero"` // of no value, when empty and not nil
	Const       any      `json:"const,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	MinLength   *int64   `json:"minLength,omitempty"`
	MaxLength   *int64   `json:"maxLength,omitempty"`
	Minimum     *int64   `json:"minimum,omitempty"`
	Maximum     *int64   `json:"maximum,omitempty"`
	Default     any      `json:"default,omitempty"`
	Examples    []any    `json:"examples,omitempty"`
	Items       *node    `json:"items,omitempty"`
	Properties  named    `json:"properties,omitempty"`
	Required    []string `json:"required,omitempty"`
	Further     any      `json:"additionalProperties,omitempty"` // false, or the schema of every further field
	Defs        named    `json:"$defs,omitempty"`

	// What follows is not JSON Schema's own: editors' language servers know
	// these, and everything else passes over them.
	Markdown     string `json:"markdownDescription,omitempty"`
	Refusal      string `json:"errorMessage,omitempty"`        // instead of "incorrect type", "not one of …"
	BadPattern   string `json:"patternErrorMessage,omitempty"` // instead of quoting the expression
	Renamed      string `json:"deprecationMessage,omitempty"`  // a warning wherever the field is
	DoNotSuggest bool   `json:"doNotSuggest,omitempty"`
}

// types are the JSON types of which a value has one.
type types []string

// MarshalJSON writes a single type as editors expect it: without brackets.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return encode(t[0])
	}
	return encode([]string(t))
}

// named are schemas by name, in the order of the tables.
type named []member

type member struct {
	name string
	node *node
}

func (n named) find(name string) *node {
	for _, m := range n {
		if m.name == name {
			return m.node
		}
	}
	return nil
}

// MarshalJSON writes an object and keeps the order.
func (n named) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range n {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.node)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// encode is JSON for people: < and & stay what they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

package lab

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	textMissing = "property is missing and it is not optional"
	textUnknown = "property is not defined in schema and the schema does not allow additional properties"
)

// check verifies parameters as PVE's JSON schema code does, and returns them.
// Booleans are 0 and 1 and nothing else. The faults are PVE's texts by parameter; nil when
// there is none.
func (t *table) check(s *schema, given []KV) (values, faults map[string]string) {
	return t.checkAt("", s, given)
}

// checkAt is check for the keys of a property string; prefix is its path with a
// dot.
func (t *table) checkAt(prefix string, s *schema, given []KV) (values, faults map[string]string) {
	values = map[string]string{}
	fault := func(name, format string, args ...any) {
		if faults == nil {
			faults = map[string]string{}
		}
		if faults[name] == "" {
			faults[name] = fmt.Sprintf(format, args...)
		}
	}
	for _, kv := range given {
		value := kv.Value
		if first, twice := values[kv.Key]; twice {
			switch p := s.lookup(kv.Key); {
			case p == nil: // unknown, which is worse
			case p.kind == "list":
				value = first + listSeparator + value
			case p.kind == "str" && strings.HasSuffix(p.format, "-list"):
				value = first + "," + value
			default:
				fault(kv.Key, "type check ('%s') failed - got ARRAY", typeName(p.kind))
			}
		}
		values[kv.Key] = value
	}
	for _, name := range sortedKeys(values) {
		p := s.lookup(name)
		if p == nil || p.alias != "" {
			fault(name, textUnknown)
			continue
		}
		value, text := t.checkValue(p, name, values[name])
		if text != "" {
			fault(name, "%s", text)
			continue
		}
		values[name] = value
		if _, ok := values[p.requires]; p.requires != "" && !ok {
			fault(p.requires, "missing property - '%s' requires this property", prefix+name)
		}
	}
	s.all(func(p *property) {
		if _, ok := values[p.name]; p.required && p.count == 0 && !ok {
			fault(p.name, textMissing)
		}
	})
	return values, faults
}

// listSeparator is between the items of a list parameter.
const listSeparator = "\x00"

// list is the items of a list parameter.
func (c *call) list(name string) []string {
	if !c.has(name) {
		return nil
	}
	return strings.Split(c.str(name), listSeparator)
}

// typeName is what PVE calls a type.
func typeName(kind string) string {
	return map[string]string{"str": "string", "int": "integer", "num": "number", "bool": "boolean", "list": "array"}[kind]
}

var (
	wholeNumber = regexp.MustCompile(`^[+-]?\d+$`)
	anyNumber   = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
)

// checkValue returns the value in normal form, or what is wrong with it.
func (t *table) checkValue(p *property, name, value string) (normal, fault string) {
	typeFault := func(kind string) string {
		return fmt.Sprintf("type check ('%s') failed - got '%s'", kind, value)
	}
	switch p.kind {
	case "bool":
		if value != "0" && value != "1" {
			return "", typeFault("boolean")
		}
		return value, ""
	case "int":
		if !wholeNumber.MatchString(value) {
			return "", typeFault("integer")
		}
	case "num":
		if !anyNumber.MatchString(value) {
			return "", typeFault("number")
		}
	}
	if p.object != "" {
		if _, err := t.parseObject(p.object, name, value); err != nil {
			return "", "invalid format - " + err.Error()
		}
	}
	if p.format != "" {
		if err := t.checkFormat(p.format, name, value); err != nil {
			return "", "invalid format - " + err.Error()
		}
	}
	if p.match != nil && !p.match.MatchString(value) {
		return "", "value does not match the regex pattern"
	}
	if n := len([]rune(value)); p.maxLen > 0 && n > p.maxLen {
		return "", fmt.Sprintf("value may only be %d characters long", p.maxLen)
	} else if n < p.minLen {
		return "", fmt.Sprintf("value must be at least %d characters long", p.minLen)
	}
	if p.min != nil || p.max != nil {
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			if p.max != nil && f > *p.max {
				return "", "value must have a maximum value of " + strconv.FormatFloat(*p.max, 'f', -1, 64)
			}
			if p.min != nil && f < *p.min {
				return "", "value must have a minimum value of " + strconv.FormatFloat(*p.min, 'f', -1, 64)
			}
		}
	}
	if p.enum != nil && !slices.Contains(p.enum, value) {
		return "", fmt.Sprintf("value '%s' does not have a value in the enumeration '%s'", value, strings.Join(p.enum, ", "))
	}
	return value, ""
}

// parseBool knows the spellings that PVE takes after a key of a property string.
func parseBool(s string) (string, bool) {
	switch strings.ToLower(s) {
	case "1", "on", "yes", "true":
		return "1", true
	case "0", "off", "no", "false":
		return "0", true
	}
	return "", false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

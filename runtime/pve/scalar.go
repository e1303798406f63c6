package pve

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// scalar reads a JSON string, number, boolean or null as text. PVE gives the
// same field as 1, "1", true or null depending on release, method and luck.
type scalar struct {
	text string
	set  bool // false for null and for a field that is not there
}

func (s *scalar) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*s = scalar{set: true}
	switch {
	case len(b) == 0 || string(b) == "null":
		*s = scalar{}
	case string(b) == "true":
		s.text = "1"
	case string(b) == "false":
		s.text = "0"
	case b[0] == '"':
		return json.Unmarshal(b, &s.text)
	case b[0] == '{' || b[0] == '[':
		// Not quoted: an answer may hold a token's value.
		return errors.New("a plain value was expected, a list or an object is there")
	default:
		s.text = string(b)
	}
	return nil
}

// truth reads PVE's booleans: 1, "1", true, and "yes", "on" of older releases.
func (s scalar) truth() bool {
	switch s.text {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}

// number is 0 when there is none. Fractions are cut: PVE gives sizes as floats
// in places.
func (s scalar) number() uint64 {
	if n, err := strconv.ParseUint(s.text, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s.text, 64); err == nil && f > 0 && f < 1<<63 {
		return uint64(f)
	}
	return 0
}

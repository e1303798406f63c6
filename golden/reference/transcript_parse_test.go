package reference_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// exchange is one recorded request with PVE's answer.
type exchange struct {
	line    int    // in the transcript, from 1
	section string // "01-access"
	verb    string
	path    string // below /api2/json
	params  [][2]string

	status string         // "200 OK"
	body   map[string]any // nil when the answer had none
	cut    bool           // the recording broke off inside the body
	task   map[string]any // status of the task it started, once that had ended; nil when not recorded
}

// head names a request without its parameters.
func (x *exchange) head() string { return x.verb + " " + x.path }

// nextParam is where a parameter follows another: values may have blanks and
// line ends in them.
var nextParam = regexp.MustCompile(`[ \n]([a-zA-Z][a-zA-Z0-9-]*=)`)

// parseTranscript reads a recording: sections "##### NAME", requests
// ">>> VERB PATH KEY=VALUE …", answers "<<< STATUS REASON   [TIME]" and a body,
// and what became of a task. Everything else is notes.
func parseTranscript(text string) ([]*exchange, error) {
	var list []*exchange
	var x *exchange
	section := ""
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "##### "):
			section, x = line[6:], nil
		case strings.HasPrefix(line, ">>> "):
			x = &exchange{line: i + 1, section: section}
			for i+1 < len(lines) && !strings.HasPrefix(lines[i+1], "<<< ") {
				i++
				line += "\n" + lines[i]
			}
			x.request(line[4:])
			list = append(list, x)
		case strings.HasPrefix(line, "<<< ") && x != nil && x.status == "":
			x.status, _, _ = strings.Cut(line[4:], "   [")
			if i+1 < len(lines) && strings.HasPrefix(lines[i+1], "{") {
				body, cut, err := parseBody(lines[i+1])
				if err != nil {
					return nil, fmt.Errorf("line %d: %w", i+2, err)
				}
				x.body, x.cut = body, cut
			}
		case strings.HasPrefix(line, "    task status: ") && x != nil && x.task == nil:
			if err := json.Unmarshal([]byte(line[17:]), &x.task); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		case strings.HasPrefix(line, "<<< "):
			x = nil // the answer to a request that was not recorded
		}
	}
	return list, nil
}

func (x *exchange) request(text string) {
	x.verb, text, _ = strings.Cut(text, " ")
	x.path, text, _ = strings.Cut(text, " ")
	for text != "" {
		param := text
		text = ""
		if at := nextParam.FindStringIndex(param); at != nil {
			param, text = param[:at[0]], param[at[0]+1:]
		}
		key, value, _ := strings.Cut(param, "=")
		x.params = append(x.params, [2]string{key, value})
	}
}

// parseBody reads a JSON object that may be cut off at its end, and says
// whether it was.
func parseBody(text string) (body map[string]any, cut bool, err error) {
	if at := strings.Index(text, "}>>> "); at >= 0 {
		text = text[:at+1] // the recorder lost a line end
	}
	if json.Unmarshal([]byte(text), &body) == nil {
		return body, false, nil
	}
	// Up to the last complete member, and the brackets that are open there.
	var open []byte
	var good string
	inString, escaped := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{', c == '[':
			open = append(open, c+2) // its closing bracket
			good = text[:i+1] + reversed(open)
		case (c == '}' || c == ']') && len(open) > 0:
			open = open[:len(open)-1]
			good = text[:i+1] + reversed(open)
		case c == ',':
			good = text[:i] + reversed(open)
		}
	}
	if json.Unmarshal([]byte(good), &body) != nil {
		return nil, false, errors.New("no JSON body")
	}
	return body, true, nil
}

func reversed(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		out[len(b)-1-i] = c
	}
	return string(out)
}

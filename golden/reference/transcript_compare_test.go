package reference_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Classes of differences, in the order in which they are looked for.
const (
	notImplemented = "501"
	otherStatus    = "status"
	otherText      = "text"
	otherKeys      = "keys"
	otherTypes     = "types"
	otherExit      = "exit"
)

// difference is how an answer differs; the zero value is none.
type difference struct{ class, detail string }

func differ(class, format string, args ...any) difference {
	return difference{class, fmt.Sprintf(format, args...)}
}

var (
	upidText = regexp.MustCompile(`^UPID:([^:]+):[0-9A-F]+:[0-9A-F]+:[0-9A-F]+:(.*)$`)
	// What resolvers say differs from machine to machine.
	resolver = regexp.MustCompile(`Temporary failure in name resolution|Name or service not known`)
)

// comparable is a text without what differs from run to run.
func comparable(text string) string {
	return resolver.ReplaceAllString(strings.TrimSuffix(text, "\n"), "<resolver>")
}

// compareAnswers compares an answer of the lab with the recorded one.
func compareAnswers(x *exchange, status string, body map[string]any) difference {
	if strings.HasPrefix(status, "501 ") && !strings.HasPrefix(x.status, "501 ") {
		return difference{notImplemented, ""}
	}
	if comparable(status) != comparable(x.status) {
		return differ(otherStatus, "%s, PVE says %s", status, x.status)
	}
	if (body == nil) != (x.body == nil) {
		return differ(otherKeys, "one answer has no body")
	}
	for _, key := range []string{"message"} {
		if got, want := textOf(body[key]), textOf(x.body[key]); comparable(got) != comparable(want) {
			return differ(otherText, "%s is %q, PVE says %q", key, got, want)
		}
	}
	got, _ := body["errors"].(map[string]any)
	want, _ := x.body["errors"].(map[string]any)
	if !maps.Equal(got, want) {
		return differ(otherText, "errors are %q, PVE says %q", got, want)
	}
	return compareValues("", body, x.body, x.cut)
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

// identities are the keys that tell the members of a list apart, when every
// one has it.
var identities = []string{"key", "subdir", "userid", "roleid", "realm", "poolid", "volid", "iface", "vmid"}

// compareValues compares keys and types, not values. Of a recording that was
// cut off the answer may have more.
func compareValues(at string, got, want any, cut bool) difference {
	if kindOf(got) != kindOf(want) {
		return differ(otherTypes, "%s is %s, PVE has %s", at, kindOf(got), kindOf(want))
	}
	switch want := want.(type) {
	case map[string]any:
		return compareObjects(at, got.(map[string]any), want, cut)
	case []any:
		return compareLists(at, got.([]any), want, cut)
	case string:
		g, w := upidText.FindStringSubmatch(got.(string)), upidText.FindStringSubmatch(want)
		if (g == nil) != (w == nil) || g != nil && !slices.Equal(g[1:], w[1:]) {
			return differ(otherText, "%s is %s, PVE has %s", at, got, want)
		}
	}
	return difference{}
}

func compareObjects(at string, got, want map[string]any, cut bool) difference {
	var missing, more []string
	for key := range want {
		if _, ok := got[key]; !ok {
			missing = append(missing, key)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok && !cut {
			more = append(more, key)
		}
	}
	slices.Sort(missing)
	slices.Sort(more)
	switch {
	case len(missing)+len(more) > 0:
		detail := ""
		if len(missing) > 0 {
			detail += " lacks " + strings.Join(missing, ", ")
		}
		if len(more) > 0 {
			detail += " has " + strings.Join(more, ", ") + " more"
		}
		return difference{otherKeys, at + detail}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if d := compareValues(at+"."+key, got[key], want[key], cut); d.class != "" {
			return d
		}
	}
	return difference{}
}

// compareLists compares members that stand for the same thing; where nothing
// tells them apart, each of the lab's must be like one of PVE's.
func compareLists(at string, got, want []any, cut bool) difference {
	if len(want) == 0 || len(got) == 0 {
		if len(got) != len(want) && !cut {
			return differ(otherKeys, "%s has %d members, PVE's %d", at, len(got), len(want))
		}
		return difference{}
	}
	for _, key := range identities {
		g, w := byIdentity(got, key), byIdentity(want, key)
		if g != nil && w != nil {
			return compareObjects(at, g, w, cut)
		}
	}
	for i, v := range got {
		var first difference
		alike := false
		for k, w := range want {
			d := compareValues(fmt.Sprintf("%s[%d]", at, i), v, w, cut)
			if k == 0 {
				first = d
			}
			alike = alike || d.class == ""
		}
		if !alike {
			return first
		}
	}
	return difference{}
}

func byIdentity(list []any, key string) map[string]any {
	out := map[string]any{}
	for _, v := range list {
		row, _ := v.(map[string]any)
		id, ok := row[key]
		if !ok {
			return nil
		}
		out[fmt.Sprintf("%s=%v", key, id)] = v
	}
	if len(out) != len(list) {
		return nil
	}
	return out
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case float64:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	}
	return "an object"
}

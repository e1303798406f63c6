package compiler

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/unit"
)

const (
	codeBadSize     diag.Code = "HS0302"
	codeNotAllowed  diag.Code = "HS0303"
	codeOutOfBounds diag.Code = "HS0304"
	codeBadDuration diag.Code = "HS0305"
	codeBadName     diag.Code = "HS0220"
)

// text takes a field of a textual type; the type's own syntax is checked.
func (r *reader) text(key string) opt[string] {
	e := r.take(key)
	if e == nil {
		return opt[string]{}
	}
	return r.f.text(e.node, e.schema)
}

func (f *findings) text(n *syntax.Node, s *schema.Field) opt[string] {
	o := opt[string]{V: n.Text, At: n.Range, Set: true}
	if f.unread(n) {
		defer f.unevaluated(n, len(f.list))
	}
	switch {
	case n.Kind == syntax.Bad:
		o.Bad = true
	case n.Kind != syntax.String:
		f.wrongType(n, schema.String, quoteKey(s))
		o.Bad = true
	case s.Enum != nil && !slices.Contains(s.Enum, n.Text):
		d := f.errorAt(codeNotAllowed, n.Range, "%q is not a value of %s", n.Text, s.Key)
		d.Label = "one of " + strings.Join(s.Enum, ", ")
		d.Help = "write one of these"
		f.suggestAmong(d, n.Text, strings.Join(s.Enum, " "), func() []string { return s.Enum })
		o.Bad = true
	case s.Type == schema.Ref && n.Ref != "" && n.Ref != s.Of:
		d := f.errorAt(codeWrongReference, n.Range, "%s.%s is %s, and %s wants %s", n.Ref, n.Text, article(n.Ref), s.Key, article(s.Of))
		d.Help = fmt.Sprintf("write %s.%s, if there is one", s.Of, n.Text)
		o.Bad = true
	case s.Type != schema.Ref && n.Ref != "":
		d := f.errorAt(codeWrongReference, n.Range, "%s is text, not a reference", quoteKey(s))
		d.Help = "write it in quotes"
		o.Bad = true
	default:
		f.syntaxOf(&o, s)
	}
	return o
}

func quoteKey(s *schema.Field) string { return `"` + s.Key + `"` }

// label reports a name that cannot be a host name.
func (f *findings) label(o *opt[string], what string) {
	if addr.ValidName(o.V) {
		return
	}
	d := f.errorAt(codeBadName, o.At, "%q cannot be %s", o.V, what)
	d.Label = "lower-case letters, digits and inner hyphens, at most 63"
	d.Help = "write it as in web-1"
	if better := nearestLabel(o.V); better != "" {
		d.Help = fmt.Sprintf("write %q", better)
		d.Fixes = replace(o.At, better)
	}
	o.Bad = true
}

// nearestLabel makes a name out of what somebody meant as one, "" if it cannot.
func nearestLabel(s string) string {
	mapped := strings.Map(func(c rune) rune {
		switch {
		case c == '_' || c == '.' || c == ' ':
			return '-'
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return c
	}, s)
	mapped = strings.Trim(mapped, "-")
	if !addr.ValidName(mapped) {
		return ""
	}
	return mapped
}

// number takes a whole number.
func (r *reader) number(key string) opt[int] {
	e := r.take(key)
	if e == nil {
		return opt[int]{}
	}
	return r.f.number(e.node, e.schema)
}

func (f *findings) number(n *syntax.Node, s *schema.Field) opt[int] {
	o := opt[int]{At: n.Range, Set: true, Bad: true}
	if n.Kind == syntax.Bad {
		return o
	}
	if n.Kind != syntax.Int {
		f.wrongType(n, schema.Int, quoteKey(s))
		return o
	}
	if !f.decimal(n, schema.Int, quoteKey(s)) {
		return o
	}
	v, err := strconv.ParseInt(n.Text, 10, 64)
	if err != nil || v < s.Min || v > s.Max {
		d := f.errorAt(codeOutOfBounds, n.Range, "%s is out of bounds for %s", n.Text, s.Key)
		d.Label = fmt.Sprintf("%d to %d", s.Min, s.Max)
		d.Help = "write a number between these"
		if s.Min == s.Max {
			d.Label, d.Help = fmt.Sprintf("always %d", s.Min), fmt.Sprintf("write %d", s.Min)
		}
		if err == nil {
			o.V = int(v) // bad, and yet what two nodes can have both
		}
		return o
	}
	o.V, o.Bad = int(v), false
	return o
}

// flag takes true or false.
func (r *reader) flag(key string) opt[bool] {
	e := r.take(key)
	if e == nil {
		return opt[bool]{}
	}
	o := opt[bool]{At: e.node.Range, Set: true, V: e.node.Text == "true"}
	if e.node.Kind != syntax.Bool {
		if e.node.Kind != syntax.Bad {
			r.f.wrongType(e.node, schema.Bool, quoteKey(e.schema))
		}
		o.Bad = true
	}
	return o
}

// size takes a number of bytes.
func (r *reader) size(key string) opt[unit.Size] {
	e := r.take(key)
	if e == nil {
		return opt[unit.Size]{}
	}
	o := opt[unit.Size]{At: e.node.Range, Set: true, Bad: true}
	switch e.node.Kind {
	case syntax.Bad:
		return o
	case syntax.Int, syntax.String:
	default:
		r.f.wrongType(e.node, schema.Size, quoteKey(e.schema))
		return o
	}
	if !r.f.decimal(e.node, schema.Size, quoteKey(e.schema)) {
		return o
	}
	v, err := unit.ParseSize(e.node.Text, e.schema.Unit)
	switch {
	case err != nil && sizeForm.MatchString(e.node.Text):
		r.tooLarge(e)
	case err != nil:
		d := r.f.errorAt(codeBadSize, e.node.Range, "%q is not a size", e.node.Text)
		d.Label = "a whole number with KiB, MiB, GiB or TiB"
		d.Help = fmt.Sprintf("write it as in 64GiB; a bare number counts %s", sizeUnit(e.schema.Unit))
	case v%unit.MiB != 0:
		d := r.f.errorAt(codeBadSize, e.node.Range, "%s is not a whole number of MiB", e.node.Text)
		d.Help = "Proxmox VE counts memory and disks in MiB"
	case int64(v) < e.schema.Min:
		d := r.f.errorAt(codeOutOfBounds, e.node.Range, "%s is too small for %s", v, e.schema.Key)
		d.Label = "at least " + unit.Size(e.schema.Min).String()
		d.Help = fmt.Sprintf("a bare number counts %s", sizeUnit(e.schema.Unit))
	case e.schema.Max > 0 && int64(v) > e.schema.Max:
		r.tooLarge(e)
	default:
		o.V, o.Bad = v, false
	}
	return o
}

// sizeForm is a size that is one, if perhaps of more bytes than there are.
var sizeForm = regexp.MustCompile(`^\s*[0-9]+\s*([KMGT](iB)?|B)?\s*$`)

func (r *reader) tooLarge(e *entry) {
	d := r.f.errorAt(codeOutOfBounds, e.node.Range, "%s is too large for %s", shortened(e.node.Text), e.schema.Key)
	d.Help = fmt.Sprintf("a bare number counts %s", sizeUnit(e.schema.Unit))
	if e.schema.Max > 0 {
		d.Label = "at most " + unit.Size(e.schema.Max).String()
	}
}

func sizeUnit(u unit.Size) string { return strings.TrimPrefix(u.String(), "1") }

// duration takes a span of time; a bare number counts seconds.
func (r *reader) duration(key string) opt[time.Duration] {
	e := r.take(key)
	if e == nil {
		return opt[time.Duration]{}
	}
	o := opt[time.Duration]{At: e.node.Range, Set: true, Bad: true}
	switch e.node.Kind {
	case syntax.Bad:
		return o
	case syntax.Int, syntax.String:
	default:
		r.f.wrongType(e.node, schema.Duration, quoteKey(e.schema))
		return o
	}
	if !r.f.decimal(e.node, schema.Duration, quoteKey(e.schema)) {
		return o
	}
	v, err := unit.ParseDuration(e.node.Text)
	if err != nil {
		d := r.f.errorAt(codeBadDuration, e.node.Range, "%q is not a duration", shortened(e.node.Text))
		d.Help = "write whole numbers with w, d, h, m or s, the larger first, as in 90s, 20m or 1h30m"
		if errors.Is(err, unit.ErrTooLong) {
			d.Label = "it is " + unit.ErrTooLong.Error()
		}
		return o
	}
	o.V, o.Bad = v.Std(), false
	return o
}

// group takes a nested mapping. Absent ones read as empty.
func (r *reader) group(key string) *reader {
	s := r.object.Field(key)
	e := r.take(key)
	if e == nil {
		return r.f.read(nil, s.Object, key)
	}
	return r.f.read(e.node, s.Object, s.Object.Name)
}

// items takes the nodes of a list. set tells an empty list from none.
func (r *reader) items(key string) (items []*syntax.Node, at opt[struct{}]) {
	e := r.take(key)
	if e == nil {
		return nil, opt[struct{}]{}
	}
	at = opt[struct{}]{At: e.node.Range, Set: true}
	switch e.node.Kind {
	case syntax.List:
		return e.node.Items, at
	case syntax.Bad:
	default:
		r.f.wrongType(e.node, schema.List, quoteKey(e.schema))
	}
	at.Bad = true
	return nil, at
}

// item decodes one text of a list; messages call it by the list's name.
func (r *reader) item(n *syntax.Node, key string) opt[string] {
	elem := *r.object.Field(key).Elem
	elem.Key = key
	return r.f.text(n, &elem)
}

// texts takes a list of texts; bad items are left out.
func (r *reader) texts(key string) ([]opt[string], opt[struct{}]) {
	nodes, at := r.items(key)
	var out []opt[string]
	for _, n := range nodes {
		if o := r.item(n, key); !o.Bad {
			out = append(out, o)
		}
	}
	return out, at
}

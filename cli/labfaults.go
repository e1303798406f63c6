package cli

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
	"github.com/homestak/homestak/runtime/lab/faults"
)

const (
	codeFaultFile  diag.Code = "HS0881"
	codeFaultValue diag.Code = "HS0882"
)

// maxFaultFile bounds a file of faults, in bytes.
const maxFaultFile = 4 << 20

// readFaults reads a file of faults, strictly. "" is none.
func readFaults(name string) (faults.Script, error) {
	if name == "" {
		return faults.Script{}, nil
	}
	text, err := readBounded(name, maxFaultFile)
	if err != nil {
		d := codeFaultFile.Errorf("cannot read the faults in %s", name)
		d.Label, d.Help = cause(err).Error(), "let --faults name a file of faults that you may read"
		return faults.Script{}, d
	}
	f := source.NewFile(name, text)
	parse := lang.ParseText
	if !lang.Known(name) {
		parse = yaml.Parse // JSON is YAML
	}
	root, list := parse(f)
	r := &faultReader{list: list}
	script := r.script(root)
	if err := r.list.Err(); err != nil {
		return faults.Script{}, err
	}
	return script, nil
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = errors.New("it is larger than " + strconv.FormatInt(limit>>20, 10) + " MiB")
	}
	return text, err
}

// faultReader turns a tree into a script and collects what is wrong with it.
type faultReader struct{ list diag.List }

func (r *faultReader) bad(at source.Range, label, help string) {
	d := codeFaultValue.Errorf("the faults cannot be used")
	d.Range, d.Label, d.Help = at, label, help
	r.list = append(r.list, d)
}

func (r *faultReader) script(root *syntax.Node) faults.Script {
	var s faults.Script
	if root == nil || root.Kind != syntax.Map {
		if root != nil && root.Kind != syntax.Null && root.Kind != syntax.Bad {
			r.bad(root.Range, "a script is a map of seed, random and faults", "write the list below `faults:`")
		}
		return s
	}
	var entries []*syntax.Node
	for _, f := range root.Fields {
		switch f.Key {
		case "seed":
			n, err := strconv.ParseUint(f.Value.Text, 10, 64)
			if err != nil || f.Value.Kind != syntax.Int {
				r.bad(f.Value.Range, "it is a whole number from 0", "write another seed")
			}
			s.Seed = n
		case "random":
			n, err := strconv.Atoi(f.Value.Text)
			if err != nil || f.Value.Kind != syntax.Int {
				r.bad(f.Value.Range, "it is a whole number from 0", "say how many faults to make")
			}
			s.Random = n
		case "faults":
			if f.Value.Kind != syntax.List {
				r.bad(f.Value.Range, "faults is a list", "begin each fault with a dash")
				continue
			}
			entries = f.Value.Items
		default:
			r.bad(f.Range, "a script has seed, random and faults", "write one of them")
		}
	}
	for _, e := range entries {
		s.Faults = append(s.Faults, r.rule(e))
	}
	if r.list.HasErrors() {
		return s // what follows would only repeat it
	}
	for _, p := range s.Check() {
		r.bad(placeOf(root, entries, p), p.Text, "`homestak explain "+string(codeFaultValue)+"` says where the format is described")
	}
	return s
}

func (r *faultReader) rule(n *syntax.Node) faults.Rule {
	var rule faults.Rule
	if n.Kind != syntax.Map {
		r.bad(n.Range, "a fault is a map, as in {fault: drop, on: POST /pools}", "write its fields")
		return rule
	}
	for _, f := range n.Fields {
		switch f.Value.Kind {
		case syntax.String, syntax.Int, syntax.Float, syntax.Bool:
		default:
			r.bad(f.Value.Range, f.Key+" is one value", "write a text, a number or true")
			continue
		}
		err := rule.Set(f.Key, f.Value.Text)
		switch {
		case errors.Is(err, faults.ErrUnknownField):
			help := "a fault has " + strings.Join(faultFields(), ", ")
			if s := diag.Suggest(f.Key, faultFields()); s != "" {
				help = "write " + s
			}
			r.bad(f.Range, err.Error(), help)
		case err != nil:
			r.bad(f.Value.Range, err.Error(), "correct the value")
		}
	}
	return rule
}

func faultFields() []string {
	var names []string
	for _, f := range faults.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// placeOf is where in the file a problem is.
func placeOf(root *syntax.Node, entries []*syntax.Node, p faults.Problem) source.Range {
	at := root
	if p.Rule >= 0 && p.Rule < len(entries) {
		at = entries[p.Rule]
	}
	if v := at.Get(p.Field); v != nil {
		return v.Range
	}
	return at.Range
}

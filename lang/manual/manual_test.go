package manual_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/manual"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

// objects lists every object of the schema.
func objects() []*schema.Object {
	seen, all := map[*schema.Object]bool{}, []*schema.Object(nil)
	var visit func(o *schema.Object)
	visit = func(o *schema.Object) {
		if o == nil || seen[o] {
			return
		}
		seen[o], all = true, append(all, o)
		for i := range o.Fields {
			visit(o.Fields[i].Object)
			if e := o.Fields[i].Elem; e != nil {
				visit(e.Object)
			}
		}
	}
	for _, o := range []*schema.Object{schema.Manifest, schema.Spec, schema.Preset, schema.Posture, schema.Image, schema.Host, schema.Site, schema.Variable, schema.Policy} {
		visit(o)
	}
	return all
}

// Nothing of the schema and no function is left out.
func TestComplete(t *testing.T) {
	page := manual.Language()
	fields := 0
	for _, o := range objects() {
		for _, f := range o.Fields {
			if !strings.Contains(page, "`"+f.Key+"`") {
				t.Errorf("%s.%s is not on the page", o.Name, f.Key)
			}
			if _, ok := manual.Topic(f.Key); !ok {
				t.Errorf("%s.%s is no topic", o.Name, f.Key)
			}
			if f.Renamed == "" && f.Gone == "" {
				fields++
				if !strings.Contains(page, strings.ReplaceAll(f.Doc, "|", `\|`)) || f.Doc == "" {
					t.Errorf("%s.%s is not explained", o.Name, f.Key)
				}
			}
		}
	}
	if rows := strings.Count(page, "\n| `"); rows != fields {
		t.Errorf("%d rows for %d fields", rows, fields)
	}
	page = manual.Functions()
	for name, f := range expr.Functions() {
		if !strings.Contains(page, "\n## "+name+"\n\n`"+f.Signature()+"`: "+f.Doc) {
			t.Errorf("function %s is not on the page", name)
		}
	}
}

// Every topic has a text that fits a terminal, and no two are called the same.
func TestTopics(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range manual.Topics() {
		if seen[name] {
			t.Errorf("%s twice", name)
		}
		seen[name] = true
		text, ok := manual.Topic(name)
		if !ok || !strings.HasPrefix(text, name) {
			t.Errorf("%s: %q", name, text)
		}
		for line := range strings.Lines(text) {
			if n := len([]rune(line)); n > 130 {
				t.Errorf("%s: a line of %d", name, n)
			}
		}
	}
	if text, ok := manual.Topic("nothing"); ok {
		t.Errorf("nothing is %q", text)
	}
}

var example = regexp.MustCompile(`(?m)^  (YAML|HCL) {5,6}(.*)$`)

// The examples of a field are what they are said to be, and mean the same.
func TestExamples(t *testing.T) {
	tried := 0
	for _, name := range manual.Topics() {
		text, _ := manual.Topic(name)
		forms := map[string]string{}
		for _, m := range example.FindAllStringSubmatch(text, 2) {
			forms[m[1]] = m[2]
		}
		if len(forms) == 0 || strings.Contains(text, "{ … }") || strings.Contains(text, " …") || strings.Contains(text, "[…]") {
			continue // blocks, functions, and what holds anything
		}
		trees := map[string]string{}
		for syntax, form := range forms {
			file := source.NewFile("x.yaml", []byte("preset:\n  x:\n    "+form+"\n"))
			if syntax == "HCL" {
				file = source.NewFile("x.hcl", []byte("preset \"x\" {\n  "+form+"\n}\n"))
			}
			n, list := lang.Parse(file)
			if len(list) > 0 {
				t.Errorf("%s: %s: %v", name, form, list)
				continue
			}
			trees[syntax] = regexp.MustCompile(` ref \w+`).ReplaceAllString(langtest.Dump(n), "")
		}
		if len(trees) == 2 && trees["YAML"] != trees["HCL"] {
			t.Errorf("%s: the two differ: %v", name, forms)
		}
		tried++
	}
	if tried < 80 {
		t.Errorf("only %d examples", tried)
	}
}

package example_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/diag/example"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan/build"
)

// What is wrong has findings of exactly the code it shows, and what is cured
// has none at all.
func TestExamples(t *testing.T) {
	for _, code := range example.Codes() {
		e, ok := example.Of(code)
		if _, known := diag.Lookup(code); !ok || !known {
			t.Errorf("%s is no code", code)
			continue
		}
		if len(e.Pairs) == 0 {
			t.Errorf("%s shows nothing", code)
		}
		for _, p := range e.Pairs {
			t.Run(string(code)+"/"+p.Syntax, func(t *testing.T) {
				if len(p.Wrong) == 0 {
					t.Fatal("nothing is wrong")
				}
				wrong := run(t, e, p.Wrong, "")
				if !slices.ContainsFunc(wrong, func(d *diag.Diagnostic) bool { return d.Code == code }) {
					t.Errorf("%s does not occur", code)
				}
				for _, d := range wrong {
					if d.Code != code && !strings.Contains(e.Options["also"], string(d.Code)) {
						t.Errorf("also: %v", d)
					}
				}
				for _, d := range run(t, e, p.Both(), "cured-") {
					if strings.Contains(e.Options["also"], string(d.Code)) {
						continue
					}
					t.Errorf("after the cure: %v", d)
				}
			})
		}
	}
}

func run(t *testing.T, e example.Example, files []example.File, prefix string) diag.List {
	t.Helper()
	site := fstest.MapFS{"site.yaml": {Data: []byte("site_id: 6f1ad0a8-7c1f-4a57-9d57-0d8f6d8a4f10\n")}}
	for _, f := range files {
		site[f.Name] = &fstest.MapFile{Data: []byte(f.Text), Mode: 0o644}
	}
	for _, f := range site {
		f.Mode = 0o644
	}
	option := func(name string) string {
		if v := e.Options[prefix+name]; v != "" {
			return v
		}
		return e.Options[name]
	}
	if name := option("convert"); name != "" {
		_, list := convert.File(source.NewFile(name, site[name].Data), convert.Options{To: convert.Syntax(option("to")), Site: site})
		return list
	}
	s, list := compiler.Load(site)
	if option("manifest") == "" {
		return append(list, s.Check()...)
	}
	o := compiler.Options{Manifest: option("manifest"), Mode: option("mode"), Vars: map[string]string{}}
	if name, value, ok := strings.Cut(option("var"), "="); ok {
		o.Vars[name] = value
	}
	d, more := compiler.Compile(s, o)
	list = append(list, more...)
	if text := option("only"); text != "" && d != nil {
		only, more := selector.Parse(source.NewFile("--only", []byte(text)))
		if list = append(list, more...); !more.HasErrors() {
			_, more = build.Select(d, "lab", []*selector.Selector{only}, nil)
			list = append(list, more...)
		}
	}
	return list
}

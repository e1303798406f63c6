package diag

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/homestak/homestak/lang/source"
)

func render(t *testing.T, l List, format string, o RenderOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := Render(&out, l, format, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// everything is one list of all cases.
func everything() List {
	var all List
	for _, c := range cases() {
		all = append(all, c.list...)
	}
	library := source.NewFile("stdlib:presets/vm-small.yaml", []byte("cores: 1\n"))
	all = append(all, &Diagnostic{Code: "HS0304", Message: "in the library", Range: source.Span(library, 0, 5)})
	wide := at("manifests/a b,c:d%20.yaml", "# 😀 «é😀x» y\n")
	return append(all, &Diagnostic{
		Code: "HS0206", Severity: Warning, Message: "50% of\nit", Range: wide,
		Fixes: []Fix{{Title: "write z", Edits: []Edit{{Range: wide, New: "z"}, {Range: source.Span(wide.File, 0, 0), New: "#"}}}},
	})
}

func TestSARIFGolden(t *testing.T) {
	golden(t).Assert(t, "sarif", []byte(render(t, everything(), "sarif", RenderOptions{Below: "infra/site", Version: "v1.2.3"})))
}

func TestGitHubGolden(t *testing.T) {
	golden(t).Assert(t, "github", []byte(render(t, everything(), "github", RenderOptions{Below: "infra/site"})))
}

// The logs are what the standard's own schema asks for, and what a library that
// others wrote reads.
func TestSARIFIsSARIF(t *testing.T) {
	schema := sarifStandard(t)
	for name, l := range map[string]List{"empty": nil, "everything": everything()} {
		for _, below := range []string{"", "infra"} {
			text := render(t, l, "sarif", RenderOptions{Below: below, Version: "devel"})
			doc, err := validator.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			report, err := sarif.FromString(text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := len(report.Runs[0].Results); got != len(l) {
				t.Errorf("%s: %d results of %d findings", name, got, len(l))
			}
		}
	}
	broken, _ := validator.UnmarshalJSON(strings.NewReader(`{"version": "2.1.0", "runs": [{"results": []}]}`))
	if schema.Validate(broken) == nil {
		t.Error("the schema accepts what it should not")
	}
}

// sarifStandard is the schema of OASIS, which the module of the reading library
// carries in its source.
func sarifStandard(t *testing.T) *validator.Schema {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err = strconv.Unquote(lit.Value)
		}
		return true
	})
	if err != nil || !strings.Contains(text, "SARIF") {
		t.Fatalf("the module has no schema: %v", err)
	}
	doc, err := validator.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(sarifSchema, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(sarifSchema)
}

// Places are right to the UTF-16 code unit, paths are those of the repository.
func TestSARIFPlaces(t *testing.T) {
	r := at("manifests/a b.yaml", "x\r\n# 😀 «é😀x» y\n")
	text := render(t, List{{Code: "HS0206", Range: r}}, "sarif", RenderOptions{Below: "site"})
	var log sarifLog
	if err := json.Unmarshal([]byte(text), &log); err != nil {
		t.Fatal(err)
	}
	got := log.Runs[0].Results[0].Locations[0].Physical
	if want := (sarifRegion{StartLine: 2, StartColumn: 6, EndLine: 2, EndColumn: 10}); *got.Region != want {
		t.Errorf("region %+v, want %+v", *got.Region, want)
	}
	if want := (sarifArtifact{URI: "site/manifests/a%20b.yaml", Base: "%SRCROOT%"}); got.Artifact != want {
		t.Errorf("artifact %+v, want %+v", got.Artifact, want)
	}
}

// GitHub shows ten annotations of each severity; what follows keeps its place
// as a line of the log. No text of ours is a command of its own.
func TestGitHubLimits(t *testing.T) {
	f := source.NewFile("a.yaml", []byte("a: 1\n"))
	var l List
	for range 12 {
		l = append(l, &Diagnostic{Code: "HS0303", Message: "x\n::set-output name=a::b", Range: source.Span(f, 0, 1), Label: strings.Repeat("é", 5000)})
	}
	out := render(t, l, "github", RenderOptions{Below: "site"})
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 13 || lines[12] != "12 errors" {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines[:12] {
		switch {
		case i < 10 && !strings.HasPrefix(line, "::error file=site/a.yaml,line=1,endLine=1,col=1,endColumn=2,title=HS0303::x"):
			t.Errorf("line %d: %.120s", i, line)
		case i >= 10 && !strings.HasPrefix(line, "site/a.yaml:1:1: error[HS0303]: x ::set-output"):
			t.Errorf("line %d: %.120s", i, line)
		case len(line) > githubMessage+200:
			t.Errorf("line %d has %d bytes", i, len(line))
		}
	}
}

// JSON and the others say nothing of an empty list, except that SARIF says that
// the tool ran; an unknown format is an error.
func TestRenderNothing(t *testing.T) {
	for _, format := range Formats() {
		if got := render(t, nil, format, RenderOptions{}); (got == "") == (format == "sarif") {
			t.Errorf("%s: %q", format, got)
		}
	}
	if err := Render(&bytes.Buffer{}, nil, "xml", RenderOptions{}); err == nil || !strings.Contains(err.Error(), "text, json, github, sarif") {
		t.Errorf("%v", err)
	}
}

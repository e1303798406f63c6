package house

import (
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/diag/example"
)

// The codes of the language that have a golden case in one syntax only, with
// the reason. What both can say has a case in both, here or as an example.
var (
	onlyYAML = map[diag.Code]string{
		"HS0010": "the grammar is YAML's; HCL's is HS0101",
		"HS0011": "HCL has no indentation",
		"HS0012": "HCL has no indentation",
		"HS0013": "HCL has no colons between keys and values",
		"HS0016": "text is always quoted in HCL",
		"HS0021": "HCL has no anchors",
		"HS0022": "HCL has no merge keys",
		"HS0023": "HCL has no tags",
		"HS0024": "HCL has no documents",
		"HS0026": "HCL has no directives",
		"HS0170": "the kind of a definition is said by its block in HCL",
		"HS0171": "its example names one file; HCL goes the same way",
		"HS0173": "it is about what only YAML can say",
		"HS0175": "schema v1 is YAML",
		"HS0176": "schema v1 is YAML",
		"HS0177": "schema v1 is YAML",
		"HS0227": "it is about YAML manifests",
		"HS0238": "site.yaml is YAML",
		"HS0239": "site.yaml is YAML",
		"HS0241": "it is about names of files that are YAML",
		"HS0280": "in HCL variables need no permission",
		"HS0284": "HCL always has expressions",
		"HS0290": "keys of HCL may be expressions",
		"HS0308": "site.yaml is YAML",
		"HS0552": "secrets.lock is YAML",
		"HS0553": "the secrets are YAML",
		"HS0554": "the secrets are YAML",
		"HS0555": "the secrets are YAML",
		"HS0556": "the secrets are YAML",
		"HS0557": "the secrets are YAML",
	}
	onlyHCL = map[diag.Code]string{
		"HS0101": "the grammar is HCL's; YAML's is HS0010",
		"HS0102": "YAML has no blocks",
		"HS0103": "YAML has no blocks",
		"HS0105": "YAML has no traversals outside of templates",
		"HS0106": "what is no number is text in YAML",
		"HS0109": "YAML ends fields by indentation",
		"HS0111": "YAML has no blocks",
		"HS0172": "it is about what only HCL can say",
		"HS0221": "YAML refers by plain names, which have no kind",
		"HS0226": "nodes do not nest in YAML",
		"HS0236": "YAML has no blocks",
		"HS0286": "in YAML they are fields of the file where they belong",
	}
	// Expressions are the same in both syntaxes: their cases are HCL, and a
	// YAML file with `expressions: true` hands its templates to the same
	// evaluator. Places of those are tested with lang/yaml.
	expressions = []diag.Code{
		"HS0104", "HS0107", "HS0108",
		"HS0150", "HS0151", "HS0152", "HS0153", "HS0154", "HS0155", "HS0156", "HS0157", "HS0158", "HS0159", "HS0161", "HS0162",
		"HS0222", "HS0223", "HS0224",
	}
	// What no archive of texts can hold; tests beside the code have it.
	notText = map[diag.Code]string{
		"HS0001": "a file of more than 32 MiB",
		"HS0002": "more than 200 levels",
		"HS0003": "millions of values",
		"HS0004": "bytes that are no text",
		"HS0006": "no file of a site has another ending",
		"HS0090": "a mistake of homestak",
		"HS0110": "an expression of thousands of operators",
		"HS0174": "a mistake of homestak",
		"HS0231": "a file that may not be read",
		"HS0232": "a pipe, a socket or a device",
		"HS0233": "a file of more than 32 MiB",
		"HS0234": "ten thousand files",
		"HS0240": "files of 64 MiB together",
		"HS0287": "a file outside of the site, which the command line names",
		"HS0561": "a selector of more than 4,096 bytes",
		"HS0413": "125,000 nodes",
		"HS0415": "half a million relations",
		"HS0422": "thousands of packages",
	}
)

// language holds the codes whose findings are about files of a site.
func language(c diag.Code) bool {
	return c < "HS0500" || c >= "HS0551" && c < "HS0600"
}

// Every code of the language has a golden case in each syntax that can say it,
// and an example for `explain`.
func TestLanguageCodesHaveCases(t *testing.T) {
	yaml, hcl := casesOf(t)
	for _, e := range diag.Entries() {
		c := e.Code
		if !language(c) || notText[c] != "" {
			continue
		}
		if _, ok := example.Of(c); !ok {
			t.Errorf("%s (%s) has no lang/diag/example/cases/%s.txtar", c, e.Title, c)
		}
		if onlyHCL[c] == "" && !slices.Contains(expressions, c) && !yaml[c] {
			t.Errorf("%s (%s) has no golden case in YAML", c, e.Title)
		}
		if onlyYAML[c] == "" && !hcl[c] {
			t.Errorf("%s (%s) has no golden case in HCL", c, e.Title)
		}
	}
	for _, c := range slices.Sorted(maps.Keys(notText)) {
		if yaml[c] || hcl[c] {
			t.Errorf("%s has a case, and is said to have none", c)
		}
	}
}

var caseMark = regexp.MustCompile(`#!((?:\s+HS\d{4}(?:\s+"(?:[^"\\]|\\.)*")*)+)\s*$`)

// casesOf collects the codes that golden archives and examples expect, by the
// syntax of the file in which they are.
func casesOf(t *testing.T) (yaml, hcl map[diag.Code]bool) {
	yaml, hcl = map[diag.Code]bool{}, map[diag.Code]bool{}
	code := regexp.MustCompile(`HS\d{4}`)
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	for _, name := range archives(t) {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		expect := func(text string, in ...map[diag.Code]bool) {
			for line := range strings.Lines(text) {
				if m := caseMark.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
					for _, c := range code.FindAllString(quoted.ReplaceAllString(m[1], ""), -1) {
						for _, set := range in {
							set[diag.Code(c)] = true
						}
					}
				}
			}
		}
		both := []map[diag.Code]bool{yaml}
		for _, f := range a.Files {
			switch path.Ext(f.Name) {
			case ".yaml", ".yml", ".lock":
				expect(string(f.Data), yaml)
			case ".hcl":
				expect(string(f.Data), hcl)
				both = []map[diag.Code]bool{yaml, hcl}
			}
		}
		expect(string(a.Comment), both...) // findings without a place
	}
	for _, c := range example.Codes() {
		e, _ := example.Of(c)
		for _, p := range e.Pairs {
			map[string]map[diag.Code]bool{"YAML": yaml, "HCL": hcl}[p.Syntax][c] = true
		}
	}
	return yaml, hcl
}

func archives(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"golden/lang/*.txtar", "golden/lang/expr/*.txtar", "golden/compiler/testdata/*.txtar", "golden/convert/*.txtar"} {
		names, err := filepath.Glob(filepath.Join(root(t), pattern))
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no archives (%v)", pattern, err)
		}
		all = append(all, names...)
	}
	return all
}

// A title alone says which finding it is of: it heads a page of the reference
// and names a rule in a SARIF log.
func TestTitlesDiffer(t *testing.T) {
	titles := map[string]diag.Code{}
	for _, e := range diag.Entries() {
		if other, taken := titles[e.Title]; taken {
			t.Errorf("%s and %s are both called %q", other, e.Code, e.Title)
		}
		titles[e.Title] = e.Code
	}
}

// The table of warnings agrees with what is emitted: a code that its package
// only ever makes errors of is none, and the other way around.
func TestWarningsAreWarnings(t *testing.T) {
	constant := regexp.MustCompile(`(\w+)\s+(?:diag\.Code\s+)?= "(HS\d{4})"`)
	byPackage := map[string]map[string]diag.Code{}
	files := goFiles(t)
	for name, text := range files {
		dir := path.Dir(name)
		if byPackage[dir] == nil {
			byPackage[dir] = map[string]diag.Code{}
		}
		for _, m := range constant.FindAllStringSubmatch(text, -1) {
			byPackage[dir][m[1]] = diag.Code(m[2])
		}
	}
	warned, failed := map[diag.Code]bool{}, map[diag.Code]bool{}
	uses := regexp.MustCompile(`\b(warnAt|errorAt)\((code\w+)|\b(code\w+)\.(Warnf|Errorf)\(`)
	for name, text := range files {
		if strings.HasSuffix(name, "_test.go") || !strings.HasPrefix(name, "lang/") && !strings.HasPrefix(name, "compiler/") {
			continue
		}
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			set := failed
			if m[1] == "warnAt" || m[4] == "Warnf" {
				set = warned
			}
			set[byPackage[path.Dir(name)][m[2]+m[3]]] = true
		}
	}
	for c := range warned {
		if !failed[c] && c.Severity() != diag.Warning {
			t.Errorf("%s is a warning and lang/diag/levels.go does not say so", c)
		}
	}
	for c := range failed {
		if !warned[c] && c.Severity() == diag.Warning {
			t.Errorf("%s is an error and lang/diag/levels.go says otherwise", c)
		}
	}
}

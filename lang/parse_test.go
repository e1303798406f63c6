package lang_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

func TestParseByExtension(t *testing.T) {
	for name, text := range map[string]string{"a.yaml": "a: 1", "a.yml": "a: 1", "d/a.hcl": "a = 1"} {
		n, l := lang.Parse(source.NewFile(name, []byte(text)))
		if len(l) > 0 || n.Get("a").Kind != syntax.Int || !lang.Known(name) {
			t.Errorf("%s: %v %v", name, n, l)
		}
	}
	for _, name := range []string{"a", "a.json", "a.yaml.bak", "yaml", ".hcl~"} {
		n, l := lang.Parse(source.NewFile(name, nil))
		if n != nil || len(l) != 1 || l[0].Code != "HS0006" || l[0].Help == "" || lang.Known(name) {
			t.Errorf("%s: %v %v", name, n, l)
		}
	}
}

// Every code of syntax and expressions has a case, in an archive or a test.
func TestEveryCodeHasACase(t *testing.T) {
	var cases strings.Builder
	for _, pattern := range []string{"../golden/lang/*.txtar", "../golden/lang/*/*.txtar", "*_test.go", "*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if name == "parse_test.go" {
				continue // it names codes itself
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			cases.Write(text)
		}
	}
	named := map[diag.Code]string{"HS0002": "codeDeep", "HS0003": "codeTooMany", "HS0110": "codeChain", "HS0090": "codeUnfaithful"}
	for _, e := range diag.Entries() {
		// From HS0170 on, conversion has cases of its own.
		if e.Code < "HS0170" && !strings.Contains(cases.String(), string(e.Code)) && (named[e.Code] == "" || !strings.Contains(cases.String(), named[e.Code])) {
			t.Errorf("%s has no case", e.Code)
		}
	}
}

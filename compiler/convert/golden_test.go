package convert_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

var update = flag.Bool("update", false, "rewrite the results in golden/convert")

// Each archive has one or more conversions: a file, those of the old site it
// refers to below site/, and what comes out: out/ and the file's name, with all
// parts and findings. A first line "to hcl" says the syntax; "keep expressions" and
// "evaluate" are the flags; evaluated, the files are those of one site.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../../golden/convert/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no archives", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			site := fstest.MapFS{}
			want := map[string]string{}
			var ins []txtar.File
			for _, f := range a.Files {
				switch name, isSite := strings.CutPrefix(f.Name, "site/"); {
				case isSite:
					site[name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
				case strings.HasPrefix(f.Name, "out/"):
					want[f.Name] = string(f.Data)
				default:
					ins = append(ins, f)
				}
			}
			out := txtar.Archive{Comment: a.Comment}
			for _, f := range a.Files {
				if strings.HasPrefix(f.Name, "out/") {
					continue
				}
				out.Files = append(out.Files, f)
				if strings.HasPrefix(f.Name, "site/") {
					continue
				}
				got := result(f.Name, f.Data, options(a, site, ins))
				out.Files = append(out.Files, txtar.File{Name: "out/" + f.Name, Data: []byte(got)})
				if !*update && got != want["out/"+f.Name] {
					t.Errorf("%s: got\n%s\nwant\n%s", f.Name, got, want["out/"+f.Name])
				}
			}
			if len(ins) == 0 {
				t.Error("nothing to convert")
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(&out), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func options(a *txtar.Archive, site fstest.MapFS, ins []txtar.File) convert.Options {
	o := convert.Options{To: wanted(a), Site: site}
	o.Expressions = strings.HasPrefix(string(a.Comment), "keep expressions")
	if o.Evaluate = strings.HasPrefix(string(a.Comment), "evaluate"); o.Evaluate {
		for _, f := range ins {
			site[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		}
	}
	return o
}

func wanted(a *txtar.Archive) convert.Syntax {
	if strings.HasPrefix(string(a.Comment), "to hcl") {
		return convert.HCL
	}
	return ""
}

func result(name string, data []byte, o convert.Options) string {
	parts, found := convert.File(source.NewFile(name, data), o)
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("== " + p.Name + "\n" + string(p.Text))
	}
	if len(found) > 0 {
		b.WriteString("== findings\n")
		_ = diag.Text(&b, found, diag.TextOptions{})
	}
	return b.String()
}

// A site is never written to, and files outside of it are not read.
func TestLookupStaysInside(t *testing.T) {
	text := "levels: [{name: a, template: ../../etc}]\n"
	var site fs.FS = fstest.MapFS{"etc.yaml": {Data: []byte("image: x\n")}}
	if _, found := convert.File(source.NewFile("m.yaml", []byte(text)), convert.Options{Site: site}); !found.HasErrors() {
		t.Error("a template outside of vms/ was read")
	}
}
